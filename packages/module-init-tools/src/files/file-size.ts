import { FileError } from "./files";

/** Bytes that a file may have at most: no module and no index is bigger, but a file with holes may be, and a device. */
const LARGEST_FILE = 1 << 30;

/** @throws FileError EFBIG */
export function checkSize(path: string, size: number): void {
  if (size > LARGEST_FILE) throw new FileError("EFBIG", `${path} has more than ${LARGEST_FILE} bytes`);
}
