import type { ToolFiles } from "../files/files";

/** What happens at an operation that changes files. */
export type Trouble = (operation: "write" | "rename" | "remove", path: string) => void | Promise<void>;

/**
 * Files that get into trouble: before each write, rename and removal a function is asked, which may throw or never
 * return. A write in trouble leaves half of the file behind, as a full disk does.
 */
export function troubledFiles(files: ToolFiles, trouble: Trouble): ToolFiles {
  return {
    readFile: (path) => files.readFile(path),
    readDirectory: (path) => files.readDirectory(path),
    stat: (path) => files.stat(path),
    async writeFile(path, bytes) {
      await files.writeFile(path, bytes.subarray(0, bytes.length >> 1));
      await trouble("write", path);
      await files.writeFile(path, bytes);
    },
    async rename(from, to) {
      await trouble("rename", to);
      await files.rename(from, to);
    },
    async remove(path) {
      await trouble("remove", path);
      await files.remove(path);
    },
  };
}
