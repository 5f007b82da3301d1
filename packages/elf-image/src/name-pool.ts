import { decodeText } from "./text";

/** Slots of the hash table at the start, and names at most; what comes later is not kept. */
const FIRST_SLOTS = 1 << 6;
const MOST_NAMES = 1 << 20;
/** Names with one hash can be made on purpose: looking for a free place ends here. */
const MOST_PROBES = 32;

/**
 * Strings that were made before, found by their bytes. Thousands of modules use the same names: one string for each
 * saves the memory, and the time to make it and to hash it.
 */
export class NamePool {
  readonly #names: string[] = [];
  readonly #hashes: number[] = [];
  /** Places in the lists above, plus 1. A power of two of them, at least half of them free. */
  #slots = new Int32Array(FIRST_SLOTS);

  /**
   * The string from `start` to the next NUL; null when there is none in `bytes`, or none near enough.
   *
   * @param longest bytes that the string may have
   */
  at(bytes: Uint8Array, start: number, longest: number): string | null {
    const last = Math.min(start + longest, bytes.length - 1);
    let hash = FNV_BASIS;
    let all = 0;
    let end = start;
    for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) {
      if (byte === undefined || end >= last) return null;
      hash = Math.imul(hash ^ byte, FNV_PRIME);
      all |= byte;
    }
    const isAscii = all < 0x80;
    return isAscii ? this.#find(bytes, start, end, hash) : decodeText(bytes.subarray(start, end));
  }

  #find(bytes: Uint8Array, start: number, end: number, hash: number): string {
    const mask = this.#slots.length - 1;
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      const slot = (hash + probe) & mask;
      const place = (this.#slots[slot] ?? 0) - 1;
      if (place < 0) return this.#keep(decodeText(bytes.subarray(start, end)), hash, slot);
      const name = this.#names[place];
      if (name !== undefined && this.#hashes[place] === hash && isSame(name, bytes, start, end)) return name;
    }
    return decodeText(bytes.subarray(start, end));
  }

  #keep(name: string, hash: number, slot: number): string {
    if (this.#names.length === MOST_NAMES) return name;
    this.#names.push(name);
    this.#hashes.push(hash);
    this.#slots[slot] = this.#names.length;
    if (this.#names.length * 2 > this.#slots.length) this.#grow();
    return name;
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

function isSame(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
