import { type FloatEnv, FloatException } from "./environment";
import { toInteger } from "./integer";
import type { Real } from "./real";

/** Packed BCD (SDM 1, "BCD and Packed BCD Integers"): eighteen digits, two to a byte, and a byte with the sign. */
const DIGIT_BYTES = 9;
const LIMIT = 10n ** 18n;
/** What an invalid FBSTP stores, "packed BCD integer indefinite": low 64 bits and high 16. */
const INDEFINITE_LOW = 0xc000000000000000n;
const INDEFINITE_HIGH = 0xffff;

/** Ten bytes as their low 64 bits and the 16 above. */
export interface PackedDecimal {
  low: bigint;
  high: number;
}

/** Sets a number from packed BCD. What digits above 9 give is undefined; each is taken for its value. */
export function fromDecimal({ low, high }: PackedDecimal, x: Real): void {
  let magnitude = 0n;
  for (let byte = DIGIT_BYTES - 1; byte >= 0; byte--) {
    const digits = byte === 8 ? high & 0xff : Number((low >> BigInt(byte * 8)) & 0xffn);
    magnitude = magnitude * 100n + BigInt((digits >> 4) * 10 + (digits & 15));
  }
  x.denormal = false;
  x.setScaled((high & 0x8000) !== 0, magnitude, 0);
}

/** Rounds a number to packed BCD; what has more than eighteen digits is invalid. `x` is taken apart for it. */
export function toDecimal(x: Real, env: FloatEnv): PackedDecimal {
  const { negative } = x;
  const { flags } = env;
  toInteger(x, 64, env.rounding, env);
  const value = BigInt.asIntN(64, x.significand);
  const magnitude = value < 0n ? -value : value;
  if ((env.flags & FloatException.IE) !== 0 || magnitude >= LIMIT) {
    env.flags = flags | FloatException.IE;
    env.roundedUp = false;
    return { low: INDEFINITE_LOW, high: INDEFINITE_HIGH };
  }
  let rest = magnitude;
  let packed = 0n;
  for (let byte = 0; byte < DIGIT_BYTES; byte++) {
    const digits = rest % 100n;
    rest /= 100n;
    packed |= ((digits / 10n) * 16n + (digits % 10n)) << BigInt(byte * 8);
  }
  return { low: BigInt.asUintN(64, packed), high: Number(packed >> 64n) | (negative ? 0x8000 : 0) };
}
