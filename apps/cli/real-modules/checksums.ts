/** Checksums by their definitions, one bit at a time: what the modules compute from tables. */

/** A CRC whose registers shift left: `width` bits, not reflected. */
export function crcLeft(width: number, polynomial: number, start: number, bytes: Iterable<number>): number {
  const top = 1 << (width - 1);
  const mask = 2 ** width - 1;
  let crc = start;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = ((crc & top) !== 0 ? 1 : 0) ^ ((byte >> bit) & 1);
      crc = ((crc << 1) & mask) ^ (carry === 1 ? polynomial : 0);
    }
  }
  return crc;
}

/** A CRC whose registers shift right; `polynomial` has its bits reversed. */
export function crcRight(polynomial: number, start: number, bytes: Iterable<number>): number {
  let crc = start;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = (crc & 1) ^ ((byte >> bit) & 1);
      crc = (crc >>> 1) ^ (carry === 1 ? polynomial : 0);
    }
  }
  return crc;
}

/** RC4 by its definition: key schedule, then the stream added to the data. */
export function rc4(key: readonly number[], data: readonly number[]): number[] {
  const s = Array.from({ length: 256 }, (_, i) => i);
  const swap = (i: number, j: number): void => {
    [s[i], s[j]] = [s[j], s[i]];
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + s[i] + key[i % key.length]) & 0xff;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return data.map((byte) => {
    i = (i + 1) & 0xff;
    j = (j + s[i]) & 0xff;
    swap(i, j);
    return byte ^ s[(s[i] + s[j]) & 0xff];
  });
}

/** Decompresses an LZ4 block (lz4_Block_format.md: token, literals, offset, match). */
export function lz4Decompress(block: Uint8Array): Uint8Array {
  const out: number[] = [];
  let at = 0;
  const length = (nibble: number): number => {
    let total = nibble;
    for (let more = nibble === 15; more; ) {
      const byte = block[at++];
      total += byte;
      more = byte === 255;
    }
    return total;
  };
  while (at < block.length) {
    const token = block[at++];
    const literals = length(token >> 4);
    out.push(...block.subarray(at, at + literals));
    at += literals;
    if (at >= block.length) break;
    const offset = block[at] | (block[at + 1] << 8);
    at += 2;
    const match = 4 + length(token & 15);
    for (let i = 0; i < match; i++) out.push(out[out.length - offset]);
  }
  return Uint8Array.from(out);
}
