import { closeSync, constants, fstatSync, opendirSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import type { DirectoryEntry, FileKind, ToolFiles } from "./files";

/** The real file system. */
export const nodeFiles: ToolFiles = {
  readFile: readBytes,
  withFile,
  readDirectory: directoryEntries,
  stat: async (path) => {
    const status = statSync(path);
    return { kind: kindOf(status), size: status.size, modified: status.mtimeMs, id: `${status.dev}:${status.ino}` };
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

/** Files up to this size are read into the same memory, bigger ones into their own. */
const SHARED_BYTES = 4 << 20;
/** A FIFO that nobody writes to is empty, instead of holding everything up. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
let shared: Uint8Array | null = null;

function withFile<T>(path: string, use: (bytes: Uint8Array) => T): T {
  const file = openSync(path, READ_WITHOUT_WAITING);
  try {
    const { size } = fstatSync(file);
    if (size > SHARED_BYTES) return use(new Uint8Array(readFileSync(file)));
    shared ??= new Uint8Array(SHARED_BYTES);
    return use(shared.subarray(0, readSync(file, shared, 0, size, 0)));
  } finally {
    closeSync(file);
  }
}

/** opendir keeps the directory's own order; readdir would sort. */
async function directoryEntries(path: string): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  const directory = opendirSync(path, { bufferSize: 512 });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      entries.push({ name: entry.name, kind: kindOf(entry) });
    }
  } finally {
    directory.closeSync();
  }
  return entries;
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "directory" : "other";
}
