import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import type { FetchBytes } from "elf-image";
import { checkSize } from "./file-size";
import { nativePath } from "./native-path";

/** A FIFO that nobody writes to is empty, instead of holding everything up. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Files up to this size are read into the same memory, bigger ones into their own. */
const MOST_SHARED_BYTES = 64 << 20;
/** From this size on a file is read in parts: of a big module little is wanted, and it is most of the bytes of a tree. */
const READ_IN_PARTS = 128 << 10;
const BEGINNING = 4096;
/** Nobody's while it is in use: a function that reads another file meanwhile gets other memory. */
let spare = new Uint8Array(1 << 20);

/** Gives a file to a function: `ToolFiles.withFile` on the real file system. */
export function withFile<T>(path: string, use: (bytes: Uint8Array, fetch: FetchBytes) => T): T {
  const file = openSync(nativePath(path), READ_WITHOUT_WAITING);
  let buffer = spare;
  spare = new Uint8Array(0);
  try {
    const { size } = fstatSync(file);
    checkSize(path, size);
    if (size > MOST_SHARED_BYTES) return use(new Uint8Array(readFileSync(file)), allThere);
    if (size > buffer.length) buffer = new Uint8Array(Math.max(size, 2 * buffer.length));
    if (size >= READ_IN_PARTS) return use(buffer.subarray(0, size), partsOf(file, buffer.subarray(0, size)));
    return use(buffer.subarray(0, readSync(file, buffer, 0, size, 0)), allThere);
  } finally {
    spare = buffer;
    closeSync(file);
  }
}

function allThere(): void {}

/** Reads the beginning, and what is asked for; all when that comes to more. */
function partsOf(file: number, bytes: Uint8Array): FetchBytes {
  let left = bytes.length;
  const fetch = (start: number, end: number) => {
    if (left < 0) return;
    left -= end - start;
    if (left < 0) readPart(file, bytes, 0, bytes.length);
    else readPart(file, bytes, start, Math.min(end, bytes.length));
  };
  fetch(0, BEGINNING);
  return fetch;
}

/** What is gone because somebody has cut the file off is 0, and not what stood there of another file. */
function readPart(file: number, bytes: Uint8Array, start: number, end: number): void {
  const read = start < end ? readSync(file, bytes, start, end - start, start) : 0;
  bytes.fill(0, start + read, Math.max(start + read, end));
}
