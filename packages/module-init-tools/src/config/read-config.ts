import type { Log } from "../command/log";
import { errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import type { ModuleTree } from "../tree/module-tree";
import { type ConfigProblem, readConfigFiles } from "./config-files";
import type { ModprobeConfig } from "./modprobe-config";
import { ConfigBuilder } from "./parse-config";

/** Where configuration is looked for: a file in an earlier directory hides those of the same name in later ones. */
export const CONFIG_DIRECTORIES = [
  "/etc/modprobe.d",
  "/run/modprobe.d",
  "/usr/local/lib/modprobe.d",
  "/lib/modprobe.d",
] as const;

const ENDINGS = [".conf", ".alias"];

const NOWHERE: readonly string[] = ["ENOENT", "ENOTDIR", "ELOOP"];

const PROBLEMS: Readonly<Record<ConfigProblem, (path: string, why: string) => string>> = {
  nested: (path) => `Directories inside directories are not supported: ${path}`,
  directory: (path, why) => `opendir(${path}): ${why}`,
  file: (path, why) => `could not read ${path}: ${why}`,
};

/**
 * Reads the configuration, file by file in the order of their names wherever they are. The soft dependencies that
 * depmod found in the modules take part as a file of the name `modules.softdep`. The kernel's command line comes last.
 *
 * @param paths directories, of which the files that end in `.conf` or `.alias` count, or files
 * @param options `commandLine`: the file with the kernel's command line; `cwd`: where relative paths start
 */
export async function readConfig(
  tree: ModuleTree,
  paths: readonly string[],
  log: Log,
  { commandLine = "/proc/cmdline", cwd }: { readonly commandLine?: string; readonly cwd?: string } = {},
): Promise<ModprobeConfig> {
  const config = new ConfigBuilder(log);
  const places = { paths, endings: ENDINGS, cwd, always: `${tree.directory}/modules.softdep` };
  const read = readConfigFiles(tree.files, places, (problem, path, code, why) => {
    // As with kmod a link that leads nowhere is nothing, like a tree without modules.softdep.
    if (problem !== "file" || !NOWHERE.includes(code)) log.configuration(PROBLEMS[problem](path, why));
  });
  for await (const { path, text } of read) config.addFile(path, text);
  config.addKernelCommandLine(await readQuietly(tree.files, commandLine));
  return config;
}

/** What a host does not tell is nothing. */
async function readQuietly(files: ToolFiles, path: string): Promise<Uint8Array> {
  try {
    return await files.readFile(path);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    return new Uint8Array(0);
  }
}
