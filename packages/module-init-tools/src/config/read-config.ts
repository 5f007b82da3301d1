import type { Log } from "../command/log";
import { errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import { baseName } from "../files/path";
import type { ModuleTree } from "../tree/module-tree";
import { readTextIfPresent } from "../tree/text";
import type { ModprobeConfig } from "./modprobe-config";
import { ConfigBuilder } from "./parse-config";

/** Where configuration is looked for: a file in an earlier directory hides those of the same name in later ones. */
export const CONFIG_DIRECTORIES = [
  "/etc/modprobe.d",
  "/run/modprobe.d",
  "/usr/local/lib/modprobe.d",
  "/lib/modprobe.d",
] as const;

/**
 * Reads the configuration, file by file in the order of their names wherever they are. The soft dependencies that
 * depmod found in the modules take part as a file of the name `modules.softdep`. The kernel's command line comes last.
 *
 * @param paths directories, of which the `.conf` files count, or files
 */
export async function readConfig(tree: ModuleTree, paths: readonly string[], log: Log): Promise<ModprobeConfig> {
  const found = new Map<string, string>();
  for (const path of paths) {
    for (const file of await configFiles(tree.files, path)) {
      if (!found.has(baseName(file))) found.set(baseName(file), file);
    }
  }
  found.set("modules.softdep", `${tree.directory}/modules.softdep`);
  const config = new ConfigBuilder(log);
  for (const name of [...found.keys()].sort()) {
    const path = found.get(name) ?? name;
    config.addFile(path, (await readTextIfPresent(tree.files, path)) ?? "");
  }
  config.addKernelCommandLine((await readTextIfPresent(tree.files, "/proc/cmdline")) ?? "");
  return config;
}

async function configFiles(files: ToolFiles, path: string): Promise<string[]> {
  try {
    if ((await files.stat(path)).kind !== "directory") return [path];
    const entries = await files.readDirectory(path);
    return entries.filter(({ name }) => name.endsWith(".conf")).map(({ name }) => `${path}/${name}`);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
