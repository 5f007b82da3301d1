import type { Value } from "../../ir";
import { StateOffset } from "../../state";
import type { BlockBuilder } from "../builder";
import type { Numbers } from "./numbers";

/**
 * When WebAssembly's arithmetic is what an SSE instruction does. Both round to nearest the same way; but WebAssembly has
 * no flags, no modes, and any NaN it likes. So it is used where the only flag that the instruction could set is PE, and
 * PE is set and masked already, as it is in every program after its first inexact result. Everything else is left to a
 * callout. The conditions here are sufficient, not necessary.
 */

/** Fields of MXCSR (SDM 1, "MXCSR Control and Status Register"). */
const Mxcsr = { PE: 1 << 5, UM: 1 << 11, PM: 1 << 12, RC: 3 << 13, FTZ: 1 << 15 } as const;

/**
 * What these bits of MXCSR are when results are rounded to nearest, and neither an inexact one nor an exact tiny one makes
 * a difference.
 */
export const PLAIN_ROUNDING = {
  mask: Mxcsr.RC | Mxcsr.FTZ | Mxcsr.UM | Mxcsr.PM | Mxcsr.PE,
  value: Mxcsr.UM | Mxcsr.PM | Mxcsr.PE,
} as const;

/** What is known of MXCSR in a block, until an instruction of the block changes its modes. */
const roundingOf = new WeakMap<BlockBuilder, Value>();

/**
 * 0 when MXCSR has `PLAIN_ROUNDING`; an i32. A value of the block: a callout in it can only set PE, after which what was other than 0 would do no harm to stay so.
 */
export function roundsOtherwise(b: BlockBuilder): Value {
  const known = roundingOf.get(b);
  if (known !== undefined) {
    return known;
  }
  const { mask, value: plain } = PLAIN_ROUNDING;
  const value = b.xor(b.and(b.field32(StateOffset.mxcsr), b.i32(mask)), b.i32(plain));
  roundingOf.set(b, value);
  return value;
}

/** To be called by what changes MXCSR in a block. */
export function forgetRounding(b: BlockBuilder): void {
  roundingOf.delete(b);
  lookedAt.delete(b);
}

/** Numbers of 4 and 8 bytes, and vectors of them, that guards of plain arithmetic in a block have looked at. */
const lookedAt = new WeakMap<BlockBuilder, Readonly<Record<4 | 8, Set<Value>>>>();

/**
 * `result` of WebAssembly, or what a callout gives that has the operands `wholes`: if results are rounded in another way,
 * or when the arithmetic is not ordinary.
 *
 * @param ordinary one of the conditions below: an i32
 * @param operands the numbers, or vectors of them, that the result was computed from
 */
export function plainOr(
  n: Numbers,
  b: BlockBuilder,
  result: Value,
  ordinary: Value,
  operands: readonly Value[],
  callout: number,
  wholes: readonly Value[],
): Value {
  const known = lookedAt.get(b) ?? { 4: new Set(), 8: new Set() };
  lookedAt.set(b, known);
  const seen = known[n.size];
  const fresh = [...new Set(operands)].filter((operand) => !seen.has(operand));
  const plain = { size: n.size, operands: fresh, result, roundsOtherwise: roundsOtherwise(b) };
  const value = b.guarded(b.eqz(ordinary), result, callout, wholes, plain);
  for (const number of [...fresh, value]) {
    seen.add(number);
  }
  return value;
}

/** Neither infinity nor NaN: a truth. */
export const finite = (n: Numbers, b: BlockBuilder, x: Value): Value =>
  n.float(b, "lt", n.float(b, "abs", x), n.constant(b, Number.POSITIVE_INFINITY));

export const isZero = (n: Numbers, b: BlockBuilder, x: Value): Value => n.float(b, "eq", x, n.constant(b, 0));

/**
 * A sum or difference that is ordinary: an i32. With operands that are not denormal there is no DE, and a finite result
 * has finite operands, so there is neither IE nor OE. A tiny sum is exact, which sets no UE that is masked.
 */
export function ordinarySum(n: Numbers, b: BlockBuilder, x: Value, y: Value, sum: Value): Value {
  return b.and(n.noneDenormal(b, x, y), n.all(b, finite(n, b, sum)));
}

/** A product: as a sum, and it is not tiny, or a zero because an operand is. An i32. */
export function ordinaryProduct(n: Numbers, b: BlockBuilder, x: Value, y: Value, product: Value): Value {
  return ordinary(n, b, [x, y], product, [x, y]);
}

/** A quotient, or another result that is zero for the sake of `dividend` only: a finite one has no divisor 0. An i32. */
export function ordinaryQuotient(n: Numbers, b: BlockBuilder, operands: readonly Value[], quotient: Value): Value {
  return ordinary(n, b, operands, quotient, [operands[0]]);
}

/** A square root: that of a number which is not denormal is not tiny. An i32. */
export function ordinaryRoot(n: Numbers, b: BlockBuilder, x: Value, root: Value): Value {
  return b.and(n.noneDenormal(b, x), n.all(b, finite(n, b, root)));
}

/** @param zeros operands that make the result zero when they are */
function ordinary(
  n: Numbers,
  b: BlockBuilder,
  operands: readonly Value[],
  result: Value,
  zeros: readonly Value[],
): Value {
  return b.and(n.noneDenormal(b, ...operands), n.normalOrZeroFrom(b, result, zeros));
}

/** Numbers that can be rounded or compared without IE and DE. An i32. */
export const valid = (n: Numbers, b: BlockBuilder, x: Value): Value =>
  b.and(n.noneDenormal(b, x), n.all(b, n.float(b, "eq", x, x)));

/** Two numbers that can be compared without a flag: neither is a NaN nor denormal. An i32. */
export function comparable(n: Numbers, b: BlockBuilder, x: Value, y: Value): Value {
  const ordered = n.both(b, n.float(b, "eq", x, x), n.float(b, "eq", y, y));
  return b.and(n.noneDenormal(b, x, y), n.all(b, ordered));
}
