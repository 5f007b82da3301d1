import { errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import { baseName } from "../files/path";

/**
 * The configuration files in some places, sorted by their names wherever they are; one in an earlier place hides those
 * of the same name in later ones.
 *
 * @param paths directories, of which the `.conf` files count, or files
 * @param always a file that takes part and hides others, too
 */
export async function configFilesIn(files: ToolFiles, paths: readonly string[], always?: string): Promise<string[]> {
  const found = new Map<string, string>();
  for (const path of paths) {
    for (const file of await configFiles(files, path)) {
      if (!found.has(baseName(file))) found.set(baseName(file), file);
    }
  }
  if (always !== undefined) found.set(baseName(always), always);
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, path]) => path);
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
