/** Little-endian fields of tables, in bytes. */
export const u8 = (value: number): Uint8Array => Uint8Array.of(value);
export const u16 = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8);
export const u32 = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
/** @param value below 2^53 */
export const u64 = (value: number): Uint8Array => joined(u32(value), u32(Math.floor(value / 2 ** 32)));

/** ASCII text, cut or filled up with `filler` to `length`. */
export const ascii = (text: string, length: number, filler = " "): Uint8Array =>
  Uint8Array.from(text.padEnd(length, filler).slice(0, length), (letter) => letter.charCodeAt(0));

export const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Fields one behind the other. */
export function joined(...fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((length, field) => length + field.length, 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += field.length;
  }
  return bytes;
}

/** Sets the byte at `at` so that all bytes add up to 0, modulo 256. @returns the bytes */
export function withChecksum(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at] = 0;
  bytes[at] = -bytes.reduce((sum, byte) => sum + byte, 0);
  return bytes;
}

/** Bytes and where they belong in physical memory. */
export interface PlacedBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}
