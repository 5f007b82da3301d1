import type { Log } from "../command/log";
import { DEPMOD_DIRECTORIES, readDepmodConfig } from "../config/depmod-config";
import { type FoundModule, findModules } from "../depmod/find-modules";
import type { ToolFiles } from "../files/files";
import { baseName } from "../files/path";

/**
 * The modules that depmod would find in a tree.
 *
 * @param root in front of the places where `depmod.d` is looked for
 */
export async function modulesOfTree(
  files: ToolFiles,
  directory: string,
  root: string,
  log: Log,
): Promise<FoundModule[]> {
  const places = DEPMOD_DIRECTORIES.map((path) => root + path);
  const config = await readDepmodConfig(files, places, baseName(directory), log);
  return findModules(files, directory, config, log);
}
