import type { Log } from "../command/log";
import type { ToolFiles } from "../files/files";
import { givenPath } from "../files/path";
import { wordsOf } from "../tree/text";
import { type ConfigProblem, readConfigFiles } from "./config-files";
import { findsExtendedRegex } from "./extended-regex";
import { logicalLines } from "./lines";

/** Where depmod's configuration is looked for; a file in an earlier directory hides those of the same name later. */
export const DEPMOD_DIRECTORIES = [
  "/etc/depmod.d",
  "/run/depmod.d",
  "/usr/local/lib/depmod.d",
  "/lib/depmod.d",
] as const;

/** What `depmod.d` says: which of several modules with one name counts, and where there are more. */
export interface DepmodConfig {
  /** Directories below the tree, best first; `built-in` stands for those not named, `external` for external ones. */
  readonly search: readonly string[];
  /** Paths of modules without their endings that win over others of the same name; the first that is there counts. */
  readonly overrides: readonly string[];
  /** Directories outside of the tree, absolute. */
  readonly external: readonly string[];
  /** Names of directories that are left out. */
  readonly excluded: readonly string[];
}

/** Without configuration: what is below `updates` comes first. */
export const DEFAULT_DEPMOD_CONFIG: DepmodConfig = { search: ["updates"], overrides: [], external: [], excluded: [] };

/** Known to old depmods, without effect. */
const WITHOUT_EFFECT: readonly string[] = ["include", "make_map_files"];

const PROBLEMS: Readonly<Record<ConfigProblem, (path: string, why: string) => string>> = {
  nested: (path) => `Directories inside directories are not supported: ${path}`,
  directory: (path, why) => `files list ${path}: ${why}`,
  file: (path, why) => `file parse ${path}: ${why}`,
};

/**
 * Reads depmod's configuration. A line that cannot be understood is named, and the rest still applies.
 *
 * @param paths directories, of which the `.conf` files count, or files
 * @param release of the kernel, for lines that are for some kernels only
 * @param cwd where relative paths start
 */
export async function readDepmodConfig(
  files: ToolFiles,
  paths: readonly string[],
  release: string,
  log: Log,
  cwd?: string,
): Promise<DepmodConfig> {
  const lists = {
    search: [] as string[],
    overrides: [] as string[],
    external: [] as string[],
    excluded: [] as string[],
  };
  const read = readConfigFiles(files, { paths, endings: [".conf"], cwd }, (problem, path, _, why) =>
    log.error(PROBLEMS[problem](path, why)),
  );
  for await (const { path, text } of read) {
    for (const { line, number } of logicalLines(text)) {
      const [keyword = "", ...words] = wordsOf(line);
      if (keyword === "" || line.startsWith("#") || addLine(lists, keyword, words, release)) continue;
      log.error(`${path}:${number}: ignoring bad line starting with '${keyword}'`);
    }
  }
  // Of several overrides and external directories the last line comes first.
  const overrides = lists.overrides.reverse();
  const external = lists.external.reverse().map((path) => givenPath(path, cwd));
  return {
    ...lists,
    overrides,
    external,
    search: lists.search.length > 0 ? lists.search : DEFAULT_DEPMOD_CONFIG.search,
  };
}

function addLine(
  lists: { search: string[]; overrides: string[]; external: string[]; excluded: string[] },
  keyword: string,
  words: readonly string[],
  release: string,
): boolean {
  const [first, second, third] = words;
  switch (keyword) {
    case "search":
      for (const word of words) lists.search.push(word);
      return true;
    case "exclude":
      for (const word of words) lists.excluded.push(word);
      return true;
    case "override":
      if (first === undefined || second === undefined || third === undefined) return false;
      if (kernelMatches(second, release)) lists.overrides.push(`${third}/${first}`);
      return true;
    case "external":
      // As with kmod only the first directory of a line counts.
      if (first === undefined || second === undefined) return false;
      if (kernelMatches(first, release)) lists.external.push(second);
      return true;
    default:
      return WITHOUT_EFFECT.includes(keyword);
  }
}

/** `*`, or a regular expression that is found in the release; a broken one matches nothing. */
function kernelMatches(pattern: string, release: string): boolean {
  return pattern === "*" || findsExtendedRegex(pattern, release) === true;
}
