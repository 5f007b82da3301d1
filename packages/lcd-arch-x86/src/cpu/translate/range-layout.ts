import { Register, type Value } from "../ir";

/**
 * Memory ranges: what hot code asks before it asks the TLB. For each base register, and for addresses without one, the
 * state remembers a run of pages that lie in linear memory one behind the other as they do in the address space: one for
 * reads and one for writes. One comparison tells whether an access is inside.
 */
export const RangeEntry = {
  /** Linear address of the first byte. */
  first: 0,
  /** Bytes of the run less `LARGEST_ACCESS`: the largest distance from `first` at which an access may begin. */
  last: 8,
  /** What to add to the low 32 bits of a linear address to get its place in linear memory. */
  addend: 16,
  /** Accesses outside it until TypeScript looks for a better run. */
  countdown: 20,
} as const;
export const RANGE_ENTRY_SIZE = 24;

/** Bytes of the largest access. */
export const LARGEST_ACCESS = 16;

const BASES = 17;
const NO_BASE = 16;

/** Ranges of one processor: those for reads, then those for writes. */
export const RANGES = 2 * BASES;

/** The number of the range that an access looks at, by its linear address: the first register that it is made from. */
export function rangeOf(address: Value, forWrite: boolean): number {
  const registers = address.reads & ((1 << Register.flagA) - 1);
  const base = registers === 0 ? NO_BASE : 31 - Math.clz32(registers & -registers);
  return (forWrite ? BASES : 0) + base;
}

export const isForWrite = (range: number): boolean => range >= BASES;
