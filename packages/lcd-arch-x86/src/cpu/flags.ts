/**
 * Lazy flags. Instead of six flags, an instruction leaves what they can be computed from: a kind, the operand size
 * and up to two values. `flagOp` is `kind << 2 | log2(bytes)`. Values are zero-extended from the operand size.
 */
export const FlagKind = {
  /** a is the flags themselves, at their places in RFLAGS. */
  bits: 0,
  /** a is the result, b the second operand. */
  add: 1,
  /** a and b are the operands: of a comparison. */
  compare: 2,
  /** a is the result, b the second operand. */
  subtract: 3,
  /** a is the result; CF and OF are 0, AF (undefined) is 0. */
  logic: 4,
  /** As `add`, with the carry in at bit 8 of flagOp. */
  addCarry: 5,
  /** As `subtract`, with the borrow in at bit 8 of flagOp. */
  subtractBorrow: 6,
  /** a is the result of adding 1; CF comes from the override. */
  increment: 7,
  /** a is the result of subtracting 1; CF comes from the override. */
  decrement: 8,
  /** a is the result; b holds CF and OF at their places in RFLAGS; AF is 0. */
  result: 9,
} as const;

export type FlagKindName = keyof typeof FlagKind;

/**
 * `flagOver` replaces single flags of what the kind gives: values at their places in RFLAGS in the low half, a mask of
 * the flags they replace in the high half.
 */
export const overrideOf = (flag: number): number => flag << 16;

/** Log2 of an operand size in bytes. */
export const sizeLog2 = (size: number): number => 31 - Math.clz32(size);

/** The `flagOp` word of a kind and an operand size in bytes. */
export const flagOp = (kind: number, size: number): number => (kind << 2) | sizeLog2(size);

/** The `flagOp` word of flags that are simply given. */
export const FLAG_BITS = flagOp(FlagKind.bits, 1);

/** Bit of `flagOp` that holds the carry in of `addCarry` and `subtractBorrow`. */
export const CARRY_IN_BIT = 8;
