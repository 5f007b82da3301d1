import { opendir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import type { DirectoryEntry, FileKind, ToolFiles } from "./files";

/** The real file system. */
export const nodeFiles: ToolFiles = {
  readFile: readBytes,
  readDirectory: directoryEntries,
  stat: async (path) => {
    const status = await stat(path);
    return { kind: kindOf(status), size: status.size, modified: status.mtimeMs };
  },
  writeFile: (path, bytes) => writeFile(path, bytes),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path),
};

/** Not a Buffer: its `slice` would not copy. */
async function readBytes(path: string): Promise<Uint8Array> {
  const { buffer, byteOffset, length } = await readFile(path);
  return new Uint8Array(buffer, byteOffset, length);
}

/** opendir keeps the directory's own order; readdir would sort. */
async function directoryEntries(path: string): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of await opendir(path, { bufferSize: 512 })) {
    entries.push({ name: entry.name, kind: kindOf(entry) });
  }
  return entries;
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "directory" : "other";
}
