import { encodeText } from "elf-image";

/** Buckets of kmod's table of modules by name, and of its table of symbols. */
export const MODULE_BUCKETS = 512;
export const SYMBOL_BUCKETS = 2048;

/**
 * Puts things in the order in which kmod's hash tables give them back: by bucket, then by name.
 *
 * kmod lists modules that `modules.order` does not name in this order, and symbols always; only so are the files that
 * depmod writes the same, byte for byte.
 *
 * @param nameOf gives each a name of its own
 * @param buckets a power of two
 */
export function inHashOrder<T>(things: readonly T[], nameOf: (thing: T) => string, buckets: number): T[] {
  const table: T[][] = Array.from({ length: buckets }, () => []);
  for (const thing of things) table[superFastHash(encodeText(nameOf(thing))) & (buckets - 1)]?.push(thing);
  for (const bucket of table) bucket.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return table.flat();
}

/** Paul Hsieh's SuperFastHash (http://www.azillionmonkeys.com/qed/hash.html), 32 bits, little endian. */
export function superFastHash(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const pair = (offset: number) => (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  /** The last odd byte is a signed char. */
  const signed = (offset: number) => ((bytes[offset] ?? 0) << 24) >> 24;
  const whole = bytes.length & ~3;
  let hash = bytes.length;
  for (let offset = 0; offset < whole; offset += 4) {
    hash = (hash + pair(offset)) | 0;
    hash = (hash << 16) ^ (pair(offset + 2) << 11) ^ hash;
    hash = (hash + (hash >>> 11)) | 0;
  }
  const rest = bytes.length - whole;
  if (rest === 3) {
    hash = (hash + pair(whole)) | 0;
    hash ^= hash << 16;
    hash ^= signed(whole + 2) << 18;
    hash = (hash + (hash >>> 11)) | 0;
  } else if (rest === 2) {
    hash = (hash + pair(whole)) | 0;
    hash ^= hash << 11;
    hash = (hash + (hash >>> 17)) | 0;
  } else if (rest === 1) {
    hash = (hash + signed(whole)) | 0;
    hash ^= hash << 10;
    hash = (hash + (hash >>> 1)) | 0;
  }
  hash ^= hash << 3;
  hash = (hash + (hash >>> 5)) | 0;
  hash ^= hash << 4;
  hash = (hash + (hash >>> 17)) | 0;
  hash ^= hash << 25;
  hash = (hash + (hash >>> 6)) | 0;
  return hash >>> 0;
}
