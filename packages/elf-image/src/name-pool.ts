import { decodeText, encodeText } from "./text";

/** Slots of the hash table at the start, and bytes for names. */
const FIRST_SLOTS = 1 << 6;
const FIRST_BYTES = 1 << 10;
/** Names with one hash can be made on purpose: looking for a free place ends here. */
const MOST_PROBES = 32;

/** The number that a name without characters has in every pool. */
export const EMPTY_NAME = 0;

/**
 * Names found by their bytes, each with a number of its own: 1, 2, 3 in the order in which they come. Thousands of
 * modules use the same names: one string for each saves the memory, and the time to make it and to hash it.
 */
export class NamePool {
  readonly #names = [""];
  /** Places in the lists below, plus 1. A power of two of them, at least half of them free. */
  #slots = new Int32Array(FIRST_SLOTS);
  readonly #hashes: number[] = [];
  /** The numbers of the names in the table. */
  readonly #numbers: number[] = [];
  /** Their bytes, one behind the other, and where each begins; the next one's beginning is its end. */
  #bytes = new Uint8Array(FIRST_BYTES);
  readonly #starts: number[] = [0];
  /** Names that are not in the table: those that are not ASCII, and those that find no place. */
  readonly #others = new Map<string, number>();

  /**
   * The string from `start` to the next NUL; null when there is none in `bytes`, or none near enough.
   *
   * @param longest bytes that the string may have
   */
  at(bytes: Uint8Array, start: number, longest: number): string | null {
    const number = this.numberAt(bytes, start, longest);
    return number < 0 ? null : this.nameOf(number);
  }

  /** The number of that string; -1 when there is none. */
  numberAt(bytes: Uint8Array, start: number, longest: number): number {
    const last = Math.min(start + longest, bytes.length - 1);
    let hash = FNV_BASIS;
    let all = 0;
    let end = start;
    for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) {
      if (byte === undefined || end >= last) return -1;
      hash = Math.imul(hash ^ byte, FNV_PRIME);
      all |= byte;
    }
    if (end === start) return EMPTY_NAME;
    const isAscii = all < 0x80;
    return isAscii ? this.#find(bytes, start, end, hash) : this.#other(bytes, start, end);
  }

  /** The number of a name, which may be new. */
  numberOf(name: string): number {
    const bytes = encodeText(`${name}\0`);
    return this.numberAt(bytes, 0, bytes.length);
  }

  /** @param number that this pool has given */
  nameOf(number: number): string {
    return this.#names[number] ?? "";
  }

  #find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      const slot = (hash + probe) & mask;
      const place = (this.#slots[slot] ?? 0) - 1;
      if (place < 0) return this.#keep(bytes, start, end, hash, slot);
      if (this.#hashes[place] === hash && this.#isSame(place, bytes, start, end)) return this.#numbers[place] ?? -1;
    }
    return this.#other(bytes, start, end);
  }

  #isSame(place: number, bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#starts[place] ?? 0;
    if ((this.#starts[place + 1] ?? 0) - known !== end - start) return false;
    for (let i = start; i < end; i++) if (bytes[i] !== this.#bytes[known + i - start]) return false;
    return true;
  }

  #keep(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const first = this.#starts[this.#hashes.length] ?? 0;
    const last = first + end - start;
    if (last > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, last));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (let i = start; i < end; i++) this.#bytes[first + i - start] = bytes[i] ?? 0;
    this.#starts.push(last);
    this.#hashes.push(hash);
    const number = this.#names.push(decodeText(bytes.subarray(start, end))) - 1;
    this.#slots[slot] = this.#numbers.push(number);
    if (this.#hashes.length * 2 > this.#slots.length) this.#grow();
    return number;
  }

  #other(bytes: Uint8Array, start: number, end: number): number {
    const name = decodeText(bytes.subarray(start, end));
    const known = this.#others.get(name);
    if (known !== undefined) return known;
    const number = this.#names.push(name) - 1;
    this.#others.set(name, number);
    return number;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (const [place, hash] of this.#hashes.entries()) {
      let slot = hash & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = place + 1;
    }
    this.#slots = slots;
  }
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
