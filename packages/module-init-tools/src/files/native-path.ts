import { decodeText, encodeText } from "elf-image";

/** A path as Node takes it: of one that is no UTF-8, which is text as `decodeText` makes it, the bytes. */
export function nativePath(path: string): string | Buffer {
  return /[\udc80-\udcff]/u.test(path) ? Buffer.from(encodeText(path)) : path;
}

/** A name as text. @param name with a character for each byte, as Node's encoding `latin1` gives it */
export function nameFromBytes(name: string): string {
  return /[\x80-\xff]/.test(name) ? decodeText(Buffer.from(name, "latin1")) : name;
}
