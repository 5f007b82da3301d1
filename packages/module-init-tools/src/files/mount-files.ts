import { FileError, type ToolFiles } from "./files";
import { absolutePath } from "./path";

/** A file system, or how to get it as it is now. */
export type Mounted = ToolFiles | (() => ToolFiles);

/**
 * One file system made of several: a path belongs to the longest place that it is, or lies below. Each keeps its own
 * idea of where its files are: `/proc/modules` is asked for under this name.
 *
 * @param mounts place to file system; `/` is for the rest, and without it there is no rest
 */
export function mountFiles(mounts: Readonly<Record<string, Mounted>>): ToolFiles {
  const places = Object.entries(mounts).sort(([a], [b]) => b.length - a.length);
  const at = (path: string): ToolFiles => {
    const absolute = absolutePath(path);
    const [, mounted] = places.find(([place]) => isIn(place, absolute)) ?? [];
    if (mounted === undefined) throw new FileError("ENOENT", `${path} does not exist`);
    return typeof mounted === "function" ? mounted() : mounted;
  };
  return {
    readFile: async (path) => at(path).readFile(path),
    readDirectory: async (path) => at(path).readDirectory(path),
    stat: async (path) => at(path).stat(path),
    writeFile: async (path, bytes) => at(path).writeFile(path, bytes),
    rename: async (from, to) => {
      if (at(from) !== at(to)) throw new FileError("EXDEV", `${from} and ${to} are in different file systems`);
      return at(from).rename(from, to);
    },
    remove: async (path) => at(path).remove(path),
  };
}

function isIn(place: string, path: string): boolean {
  return place === "/" || path === place || path.startsWith(`${place}/`);
}
