import { opendirSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCodeOf } from "../errno";
import { checkSize } from "./file-size";
import type { DirectoryEntry, FileKind, ToolFiles } from "./files";
import { nameFromBytes, nativePath } from "./native-path";
import { withFile } from "./with-file";

/** The real file system. */
export const nodeFiles: Required<ToolFiles> = {
  readFile: readBytes,
  withFile,
  readDirectory: directoryEntries,
  stat: async (path) => {
    const status = statSync(nativePath(path));
    return { kind: kindOf(status), size: status.size, modified: status.mtimeMs, id: `${status.dev}:${status.ino}` };
  },
  writeFile: (path, bytes) => writeFile(nativePath(path), bytes),
  makeDirectory,
  rename: (from, to) => rename(nativePath(from), nativePath(to)),
  remove: (path) => rm(nativePath(path)),
};

async function readBytes(path: string): Promise<Uint8Array> {
  const file = await open(nativePath(path));
  try {
    const status = await file.stat();
    checkSize(path, status.size);
    // A Buffer's `slice` would not copy.
    const { buffer, byteOffset, length } = status.isFile() ? await file.readFile() : await readToEnd(path, file);
    return new Uint8Array(buffer, byteOffset, length);
  } finally {
    await file.close();
  }
}

/** What does not know its size, a pipe or a device, may have no end. */
async function readToEnd(path: string, file: FileHandle): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
    size += piece.length;
    checkSize(path, size);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** opendir keeps the directory's own order; readdir would sort. */
async function directoryEntries(path: string): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  const directory = opendirSync(nativePath(path), { bufferSize: 512, encoding: "latin1" });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      entries.push({ name: nameFromBytes(entry.name), kind: kindOf(entry) });
    }
  } finally {
    directory.closeSync();
  }
  return entries;
}

/** mkdir's own `recursive` tries without end where a directory is there in which none can be made, as in /proc. */
async function makeDirectory(path: string): Promise<void> {
  const parent = dirname(path);
  try {
    await makeOneDirectory(path);
  } catch (error) {
    if (errorCodeOf(error) !== "ENOENT" || parent === path) throw error;
    await makeDirectory(parent);
    await makeOneDirectory(path);
  }
}

async function makeOneDirectory(path: string): Promise<void> {
  try {
    await mkdir(nativePath(path));
  } catch (error) {
    if (!statSync(nativePath(path), { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "directory" : "other";
}
