import { FileError, type ToolFiles } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";

/** A file system that has a directory of the real machine at one place, read-only, and nothing else. */
export function mountedFiles(place: string, directory: string): ToolFiles {
  const real = (path: string): string => {
    if (path === place || path.startsWith(`${place}/`)) return directory + path.slice(place.length);
    throw new FileError("ENOENT", `${path}: no such file or directory`);
  };
  const refuse = async (path: string): Promise<never> => {
    throw new FileError("EROFS", `${path}: the emulated host's file system is read-only`);
  };
  return {
    readFile: async (path) => nodeFiles.readFile(real(path)),
    readDirectory: async (path) => nodeFiles.readDirectory(real(path)),
    stat: async (path) => nodeFiles.stat(real(path)),
    writeFile: refuse,
    rename: refuse,
    remove: refuse,
  };
}
