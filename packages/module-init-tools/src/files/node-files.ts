import { closeSync, constants, fstatSync, opendirSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { type DirectoryEntry, FileError, type FileKind, type ToolFiles } from "./files";
import { nameFromBytes, nativePath } from "./native-path";

/** The real file system. */
export const nodeFiles: ToolFiles = {
  readFile: readBytes,
  withFile,
  readDirectory: directoryEntries,
  stat: async (path) => {
    const status = statSync(nativePath(path));
    return { kind: kindOf(status), size: status.size, modified: status.mtimeMs, id: `${status.dev}:${status.ino}` };
  },
  writeFile: (path, bytes) => writeFile(nativePath(path), bytes),
  makeDirectory: async (path) => void (await mkdir(nativePath(path), { recursive: true })),
  rename: (from, to) => rename(nativePath(from), nativePath(to)),
  remove: (path) => rm(nativePath(path)),
};

/** Bytes that a file may have at most: no module and no index is bigger, but a file with holes may be, and a device. */
const LARGEST_FILE = 1 << 30;

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

function checkSize(path: string, size: number): void {
  if (size > LARGEST_FILE) throw new FileError("EFBIG", `${path} has more than ${LARGEST_FILE} bytes`);
}

/** Files up to this size are read into the same memory, bigger ones into their own. */
const MOST_SHARED_BYTES = 64 << 20;
/** A FIFO that nobody writes to is empty, instead of holding everything up. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Nobody's while it is in use: a function that reads another file meanwhile gets other memory. */
let spare = new Uint8Array(1 << 20);

function withFile<T>(path: string, use: (bytes: Uint8Array) => T): T {
  const file = openSync(nativePath(path), READ_WITHOUT_WAITING);
  let buffer = spare;
  spare = new Uint8Array(0);
  try {
    const { size } = fstatSync(file);
    checkSize(path, size);
    if (size > MOST_SHARED_BYTES) return use(new Uint8Array(readFileSync(file)));
    if (size > buffer.length) buffer = new Uint8Array(Math.max(size, 2 * buffer.length));
    return use(buffer.subarray(0, readSync(file, buffer, 0, size, 0)));
  } finally {
    spare = buffer;
    closeSync(file);
  }
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

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (entry.isFile()) return "file";
  return entry.isDirectory() ? "directory" : "other";
}
