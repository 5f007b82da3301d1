import { decodeText } from "elf-image";
import { describeError, errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import { baseName, givenPath } from "../files/path";

/** Where a tool's configuration is. */
export interface ConfigPlaces {
  /** Directories, or files. One in an earlier place hides those of the same name in later ones. */
  readonly paths: readonly string[];
  /** With what the names of files end that count in directories; hidden files never do. */
  readonly endings: readonly string[];
  /** Where relative paths start; `/` when absent. */
  readonly cwd?: string;
  /** A file that takes part and hides others, too. */
  readonly always?: string;
}

/** What there is to say about a place or a file: `nested` is a directory where a file should be. */
export type ConfigProblem = "nested" | "directory" | "file";

/** Hears of what cannot be read. The rest still applies. */
export type ConfigListener = (problem: ConfigProblem, path: string, code: string, why: string) => void;

/** A file of the configuration, its path as it was given. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Reads configuration files, sorted by their names wherever they are. */
export async function* readConfigFiles(
  files: ToolFiles,
  places: ConfigPlaces,
  complain: ConfigListener,
): AsyncIterable<ConfigFile> {
  const found = new Map<string, string>();
  for (const path of places.paths) {
    for (const file of await filesAt(files, path, places, complain)) {
      if (!found.has(baseName(file))) found.set(baseName(file), file);
    }
  }
  if (places.always !== undefined) found.set(baseName(places.always), places.always);
  for (const [, path] of [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const bytes = await attempt("file", path, complain, () => files.readFile(givenPath(path, places.cwd)));
    if (bytes !== null) yield { path, text: decodeText(bytes) };
  }
}

async function filesAt(
  files: ToolFiles,
  path: string,
  { endings, cwd }: ConfigPlaces,
  complain: ConfigListener,
): Promise<string[]> {
  const place = givenPath(path, cwd);
  const found = await attempt("directory", path, ignoringMissing(complain), async () => {
    if ((await files.stat(place)).kind !== "directory") return [path];
    const inside: string[] = [];
    for (const { name, kind } of await files.readDirectory(place)) {
      if (name.startsWith(".") || !endings.some((ending) => name.endsWith(ending))) continue;
      if (kind === "directory" || (kind === "other" && (await isDirectory(files, `${place}/${name}`)))) {
        complain("nested", `${path}/${name}`, "EISDIR", "");
      } else inside.push(`${path}/${name}`);
    }
    return inside;
  });
  return found ?? [];
}

/** What leads nowhere is none: reading it says why. */
async function isDirectory(files: ToolFiles, path: string): Promise<boolean> {
  try {
    return (await files.stat(path)).kind === "directory";
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    return false;
  }
}

/** @returns null, and says why, when the file system refuses */
async function attempt<T>(
  problem: ConfigProblem,
  path: string,
  complain: ConfigListener,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === null) throw error;
    complain(problem, path, code, describeError(error));
    return null;
  }
}

/** Few places are there on any one machine. */
function ignoringMissing(complain: ConfigListener): ConfigListener {
  return (problem, path, code, why) => {
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ELOOP") complain(problem, path, code, why);
  };
}
