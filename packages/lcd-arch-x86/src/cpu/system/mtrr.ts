import { MAXPHYADDR } from "../../mmu/control-bits";
import { constant, type MsrRegisters, stored } from "./msr-register";

/**
 * Memory type range registers (SDM 3A, "Memory Type Range Registers (MTRRs)"). All memory of this processor is strongly
 * ordered and not cached, so the types change nothing: the registers keep what is written.
 */
const Mtrr = {
  capability: 0xfe,
  /** Pairs of base and mask. */
  firstVariable: 0x200,
  fixed: [0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f],
  defaultType: 0x2ff,
} as const;

/** Pairs of variable-range registers. */
const VARIABLE_RANGES = 8;

/** IA32_MTRRCAP: fixed ranges and write-combining are there. */
const FIXED_RANGES = 1 << 8;
const WRITE_COMBINING = 1 << 10;

/** Uncacheable, write-combining, write-through, write-protected, write-back. */
const memoryTypes: ReadonlySet<bigint> = new Set([0n, 1n, 4n, 5n, 6n]);

const TYPE = 0xffn;
const VALID = 1n << 11n;
/** IA32_MTRR_DEF_TYPE: fixed ranges are enabled, all are. */
const ENABLES = (1n << 10n) | (1n << 11n);
const ADDRESS = ((1n << BigInt(MAXPHYADDR)) - 1n) & ~0xfffn;

const isDefaultType = (value: bigint): boolean => memoryTypes.has(value & TYPE) && (value & ~(TYPE | ENABLES)) === 0n;
const isBase = (value: bigint): boolean => memoryTypes.has(value & TYPE) && (value & ~(TYPE | ADDRESS)) === 0n;
const isMask = (value: bigint): boolean => (value & ~(VALID | ADDRESS)) === 0n;
const isFixedRange = (value: bigint): boolean =>
  Array.from({ length: 8 }, (_, part) => (value >> BigInt(part * 8)) & TYPE).every((type) => memoryTypes.has(type));

export const mtrrs: MsrRegisters = [
  [Mtrr.capability, constant(BigInt(VARIABLE_RANGES | FIXED_RANGES | WRITE_COMBINING))],
  [Mtrr.defaultType, stored("mtrrDefaultType", isDefaultType)],
  ...Mtrr.fixed.map((index, at) => [index, stored("mtrrFixed", isFixedRange, at)] as const),
  ...Array.from(
    { length: VARIABLE_RANGES * 2 },
    (_, at) => [Mtrr.firstVariable + at, stored("mtrrVariable", at % 2 === 0 ? isBase : isMask, at)] as const,
  ),
];
