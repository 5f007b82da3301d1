import { Register, type Value } from "../ir";

/**
 * Memory ranges: what hot code asks before it asks the TLB. For each base register, and for arrays at fixed addresses, the
 * state remembers a run of pages that lie in linear memory one behind the other as they do in the address space: one for
 * reads and one for writes. One comparison tells whether an access is inside.
 */
export const RangeEntry = {
  /** Linear address of the first byte. */
  first: 0,
  /** Bytes of the run less `LARGEST_ACCESS`: the largest distance from `first` at which an access may begin. */
  last: 8,
  /** Where in linear memory the first byte is. */
  place: 16,
  /** Accesses outside it until TypeScript looks for a better run. */
  countdown: 20,
  /** What to add to the low 32 bits of a linear address to get its place: sooner there than by the distance from `first`. */
  addend: 24,
} as const;
export const RANGE_ENTRY_SIZE = 32;

/** Bytes of the largest access. */
export const LARGEST_ACCESS = 16;

/** Bytes of the longest part of a run that is looked for at once: less than any run has. */
export const LARGEST_SPAN = 4096;

/** Ranges of one kind: one for each base register, then those of arrays at fixed addresses. */
const ARRAYS = 8;
const FIRST_ARRAY = 16;
const BASES = FIRST_ARRAY + ARRAYS;
const PAGE_SHIFT = 12n;

/** Ranges of one processor: those for reads, then those for writes. */
export const RANGES = 2 * BASES;

/**
 * The number of the range that an access looks at, by its linear address: that of its base register, or, of an address
 * without one, one that its displacement chooses.
 */
export function rangeOf(address: Value, forWrite: boolean): number {
  const base = baseOf(address);
  const array = FIRST_ARRAY + Number((displacementOf(address) >> PAGE_SHIFT) & BigInt(ARRAYS - 1));
  return (forWrite ? BASES : 0) + (base >= 0 ? base : array);
}

export const isForWrite = (range: number): boolean => range >= BASES;

/** The register that an address is counted from, which is not scaled; -1 when there is none. */
function baseOf(address: Value): number {
  if (address.kind === "register") {
    return (address.immediate as number) < Register.flagA ? (address.immediate as number) : -1;
  }
  return passesBase.has(address.operation) ? baseOf(address.operands[0]) : -1;
}

/** Operations whose first operand still holds the base: sums, and what cuts them to the address size. */
const passesBase = new Set<string>(["i64.add", "i64.extend_i32_u", "i32.wrap_i64", "i64.and", "i32.add"]);

/** The constant part of an address. */
function displacementOf(address: Value): bigint {
  if (address.kind === "const") {
    return BigInt(address.immediate);
  }
  if (!passesBase.has(address.operation)) {
    return 0n;
  }
  const second = address.operands[1];
  return second?.kind === "const" && address.operation === "i64.add"
    ? BigInt(second.immediate)
    : displacementOf(address.operands[0]);
}
