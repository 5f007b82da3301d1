/** Host-physical RAM as the page walkers see it: 32-bit words, because they run per TLB miss and avoid bigints. */
export interface Ram {
  /** Little-endian 32-bit words; the word at host-physical `a` has index `a >>> 2`. */
  readonly words: Uint32Array;
  /** Bytes of RAM. */
  readonly size: number;
  /** Told when a walk has set an accessed or dirty flag, so that code translated from those bytes is dropped. */
  readonly written?: (hpa: number, length: number) => void;
}

/** Reads half a paging-structure entry. Outside RAM nothing answers and the bus reads as ones. */
export function readWord(ram: Ram, hpa: number): number {
  return hpa < ram.size ? ram.words[hpa >>> 2] : 0xffffffff;
}

/** Sets flags in half a paging-structure entry; outside RAM the write goes nowhere. */
export function setFlags(ram: Ram, hpa: number, flags: number): void {
  if (hpa >= ram.size || (ram.words[hpa >>> 2] & flags) === flags) return;
  ram.words[hpa >>> 2] |= flags;
  ram.written?.(hpa, 4);
}
