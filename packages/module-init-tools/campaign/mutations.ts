import type { SeededRandom } from "../../lcd-domains/src/host/random";

/** Numbers with which lengths, counts and offsets go wrong. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xfff1n,
  0xffffn,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 40n,
  1n << 63n,
  (1n << 64n) - 1n,
];

type Mutation = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

/** Ways to spoil bytes, whatever they are. */
const MUTATIONS: readonly Mutation[] = [
  function flipBits(bytes, random) {
    for (let i = 1 + random.below(8); i > 0; i--) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
    return bytes;
  },
  function setBytes(bytes, random) {
    for (let i = 1 + random.below(8); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  function spoilTheBeginning(bytes, random) {
    for (let i = 1 + random.below(3); i > 0; i--) bytes[random.below(Math.min(64, bytes.length))] = random.below(256);
    return bytes;
  },
  function extremeWord(bytes, random) {
    const size = [2, 4, 8][random.below(3)] ?? 8;
    if (bytes.length < size) return bytes;
    const at = random.below(bytes.length - size + 1) & ~(size - 1);
    let value = EXTREMES[random.below(EXTREMES.length)] ?? 0n;
    const bigEndian = random.below(2) === 0;
    for (let i = 0; i < size; i++, value >>= 8n) bytes[at + (bigEndian ? size - 1 - i : i)] = Number(value & 0xffn);
    return bytes;
  },
  function nearbyWord(bytes, random) {
    if (bytes.length < 4) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const littleEndian = random.below(2) === 0;
    const at = random.below(bytes.length - 3);
    view.setUint32(at, view.getUint32(at, littleEndian) + random.below(5) - 2, littleEndian);
    return bytes;
  },
  function copyPart(bytes, random) {
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
    bytes.copyWithin(to, from, from + 1 + random.below(64));
    return bytes;
  },
  function repeatPart(bytes, random) {
    const from = random.below(bytes.length);
    const part = bytes.subarray(from, from + 1 + random.below(200));
    return joined([
      bytes.subarray(0, from),
      ...Array.from({ length: random.below(20) }, () => part),
      bytes.subarray(from),
    ]);
  },
  function cutOut(bytes, random) {
    const from = random.below(bytes.length);
    return joined([bytes.subarray(0, from), bytes.subarray(from + 1 + random.below(64))]);
  },
  function cutOff(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
];

/** Bytes that were spoilt in one way or a few; a copy. */
export function spoilt(whole: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes: Uint8Array = whole.slice();
  for (let i = 1 + random.below(3); i > 0 && bytes.length > 0; i--) bytes = pick(MUTATIONS, random)(bytes, random);
  return bytes;
}

/** One of a list. */
export function pick<T>(list: readonly T[], random: SeededRandom): T {
  const chosen = list[random.below(list.length)];
  if (chosen === undefined) throw new Error("the list is empty");
  return chosen;
}

/** One after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
