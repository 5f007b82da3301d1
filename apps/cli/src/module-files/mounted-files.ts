import { readdirSync, type Stats, statSync } from "node:fs";
import { FileError, type FileKind, type ToolFiles } from "module-init-tools";
import { readBytes } from "../read-bytes";

/**
 * A file system that has a directory of the real machine at one place, read-only, and nothing else.
 *
 * It reads without waiting: nobody else has anything to do meanwhile, and a trip to a thread and back costs more than
 * reading a module.
 */
export function mountedFiles(place: string, directory: string): ToolFiles {
  const real = (path: string): string => {
    if (path === place || path.startsWith(`${place}/`)) return directory + path.slice(place.length);
    throw new FileError("ENOENT", `${path}: no such file or directory`);
  };
  const refuse = async (path: string): Promise<never> => {
    throw new FileError("EROFS", `${path}: the emulated host's file system is read-only`);
  };
  return {
    readFile: async (path) => readBytes(real(path)),
    readDirectory: async (path) =>
      readdirSync(real(path), { withFileTypes: true }).map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
    stat: async (path) => {
      const status = statSync(real(path));
      return { kind: kindOf(status), size: status.size };
    },
    writeFile: refuse,
    rename: refuse,
    remove: refuse,
  };
}

function kindOf(entry: Pick<Stats, "isFile" | "isDirectory">): FileKind {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "directory" : "other";
}
