import type { Log } from "../command/log";
import type { ModuleTree } from "../tree/module-tree";
import { readTextIfPresent } from "../tree/text";
import { configFilesIn } from "./config-files";
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
 * @param commandLine the file with the kernel's command line
 */
export async function readConfig(
  tree: ModuleTree,
  paths: readonly string[],
  log: Log,
  commandLine = "/proc/cmdline",
): Promise<ModprobeConfig> {
  const config = new ConfigBuilder(log);
  for (const path of await configFilesIn(tree.files, paths, `${tree.directory}/modules.softdep`)) {
    config.addFile(path, (await readTextIfPresent(tree.files, path)) ?? "");
  }
  config.addKernelCommandLine((await readTextIfPresent(tree.files, commandLine)) ?? "");
  return config;
}
