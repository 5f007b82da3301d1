import { KernelError } from "lcd-arch-x86";

/** The name of a slot in a domain's cspace. 0 names nothing, always. */
export type cptr_t = number & { readonly [cptrKind]: true };
declare const cptrKind: unique symbol;

/**
 * How a cptr is packed, from the low bit: the slot in its table, the path of tables that leads there (first step
 * lowest), and the length of that path (liblcd, `lcd-domains/liblcd-config.h`).
 */
export const Cptr = {
  slotBits: 3,
  fanoutBits: 3,
  maxLevel: 3,
  levelBits: 2,
} as const;

const slots = 1 << Cptr.slotBits;
const fanout = 1 << Cptr.fanoutBits;
const levelShift = Cptr.slotBits + Cptr.fanoutBits * Cptr.maxLevel;
const cptrLimit = 1n << BigInt(levelShift + Cptr.levelBits);

/** Slots of a table that hold capabilities; as many again lead to further tables. */
export const CAPABILITY_SLOTS = slots;
/** Tables that one table leads to. */
export const TABLE_FANOUT = fanout;

/** The cptr that names nothing. */
export const CPTR_NULL: cptr_t = 0 as cptr_t;

/** The parts of a cptr. */
export interface CptrPath {
  /** Which child each step takes, from the root table on; its length is the level. */
  readonly steps: readonly number[];
  /** Slot in the table that the steps lead to. */
  readonly slot: number;
}

/**
 * Makes a cptr from a number that a domain gave.
 *
 * @throws KernelError EINVAL when it is 0 or has bits that no cptr has
 */
export function __cptr(value: bigint | number): cptr_t {
  const bits = BigInt(value);
  if (bits <= 0n || bits >= cptrLimit) {
    throw new KernelError(
      "EINVAL",
      `0x${bits.toString(16)} names no slot: cptrs are 1 to 0x${(cptrLimit - 1n).toString(16)}`,
    );
  }
  const cptr = Number(bits) as cptr_t;
  const path = (cptr >>> Cptr.slotBits) & ((1 << (Cptr.fanoutBits * Cptr.maxLevel)) - 1);
  if (path >>> (Cptr.fanoutBits * levelOf(cptr)) !== 0) {
    throw new KernelError("EINVAL", `cptr 0x${bits.toString(16)}: its path is longer than its level ${levelOf(cptr)}`);
  }
  return cptr;
}

/** Every cptr that names a slot, the lowest levels first. */
export function* allCptrs(): Generator<cptr_t> {
  for (let level = 0; level <= Cptr.maxLevel; level++) {
    const count = 1 << (Cptr.slotBits + Cptr.fanoutBits * level);
    for (let number = level === 0 ? 1 : 0; number < count; number++) yield __cptr((level << levelShift) | number);
  }
}

/** The number of a cptr. */
export function cptr_val(cptr: cptr_t): number {
  return cptr;
}

/** Takes a cptr apart. */
export function cptrPath(cptr: cptr_t): CptrPath {
  const steps: number[] = [];
  for (let step = 0; step < levelOf(cptr); step++) {
    steps.push((cptr >>> (Cptr.slotBits + step * Cptr.fanoutBits)) & (fanout - 1));
  }
  return { steps, slot: cptr & (slots - 1) };
}

function levelOf(cptr: cptr_t): number {
  return cptr >>> levelShift;
}
