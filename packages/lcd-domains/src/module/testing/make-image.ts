import { EM_X86_64, ET_REL, SHT_STRTAB } from "elf-image";

/** A section of a made image; everything that is absent is 0 or empty. */
export interface MadeSection {
  readonly name: string;
  readonly type: number;
  readonly flags?: bigint;
  readonly bytes?: Uint8Array;
  readonly link?: number;
  readonly info?: number;
  readonly entrySize?: number;
  /** The section, by its index, whose bytes these are too, instead of own ones. */
  readonly sameAs?: number;
}

const HEADER_SIZE = 64;

/** A relocatable ELF64 file for x86-64 with these sections, from index 1 on (System V ABI, chapter 4). */
export function makeImage(sections: readonly MadeSection[]): Uint8Array {
  const names = sections.map(({ name }) => `${name}\0`).join("");
  const all = [...sections, { name: "", type: SHT_STRTAB, bytes: new TextEncoder().encode(`\0${names}`) }];
  const places: { offset: number; size: number }[] = [{ offset: 0, size: 0 }];
  let end = HEADER_SIZE;
  for (const { bytes = new Uint8Array(0), sameAs } of all) {
    places.push(places[sameAs ?? -1] ?? { offset: end, size: bytes.length });
    if (sameAs === undefined) end = Math.ceil((end + bytes.length) / 8) * 8;
  }
  const file = new Uint8Array(end + HEADER_SIZE * places.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of [
    [16, ET_REL],
    [18, EM_X86_64],
    [52, HEADER_SIZE],
    [58, HEADER_SIZE],
    [60, places.length],
    [62, places.length - 1],
  ] as const) {
    view.setUint16(at, value, true);
  }
  view.setBigUint64(40, BigInt(end), true);
  let nameOffset = 1;
  for (const [i, { name, type, flags = 0n, bytes, link = 0, info = 0, entrySize = 0 }] of all.entries()) {
    const { offset = 0, size = 0 } = places[i + 1] ?? {};
    if (bytes !== undefined) file.set(bytes, offset);
    const header = end + HEADER_SIZE * (i + 1);
    const words = [flags, 0n, BigInt(offset), BigInt(size)];
    for (const [n, word] of words.entries()) view.setBigUint64(header + 8 + 8 * n, word, true);
    for (const [at, value] of [
      [0, i < sections.length ? nameOffset : 0],
      [4, type],
      [40, link],
      [44, info],
      [48, 8],
      [56, entrySize],
    ] as const) {
      view.setUint32(header + at, value, true);
    }
    nameOffset += name.length + 1;
  }
  return file;
}

/** Numbers of 2, 4 and 8 bytes, one after the other. */
export function packed(...numbers: readonly (readonly [bytes: 2 | 4 | 8, value: bigint | number])[]): Uint8Array {
  const result = new Uint8Array(numbers.reduce((size, [bytes]) => size + bytes, 0));
  let at = 0;
  for (const [bytes, value] of numbers) {
    for (let i = 0; i < bytes; i++) result[at++] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn);
  }
  return result;
}

/** The same bytes again and again, or what a function gives for each number. */
export function repeated(count: number, piece: (i: number) => Uint8Array): Uint8Array {
  const pieces = Array.from({ length: count }, (_, i) => piece(i));
  const result = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const bytes of pieces) {
    result.set(bytes, at);
    at += bytes.length;
  }
  return result;
}
