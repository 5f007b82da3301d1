import { type FloatEnv, FloatException, type Rounding } from "./environment";
import { hasNoValue, invalid, propagate } from "./operands";
import { Kind, type Real } from "./real";
import { roundSignificand } from "./round";

const { IE, PE } = FloatException;

/**
 * Makes a finite number's significand the integer nearest in the direction of `rounding`: `high` and `low` are its
 * magnitude then, below 2^64.
 *
 * @returns whether that changed the value, or null when its magnitude is 2^64 or more and nothing was done
 */
function toMagnitude(x: Real, rounding: Rounding, env: FloatEnv): boolean | null {
  if (x.exponent > 63) {
    return null;
  }
  x.shiftRight(63 - x.exponent);
  return roundSignificand(x, 64, rounding, env);
}

/** Rounds to an integer of the same format. `x` is the operand and the result; its rest is 0. */
export function roundToIntegral(x: Real, rounding: Rounding, env: FloatEnv): void {
  if (hasNoValue(x)) {
    propagate(x, x, x, env);
  } else if (x.kind === Kind.finite && x.exponent < 63 && !env.stopped) {
    env.flags |= toMagnitude(x, rounding, env) ? PE : 0;
    if (x.high === 0 && x.low === 0) {
      x.setZero(x.negative);
    } else {
      x.exponent = 63;
      x.normalize();
    }
  }
}

/**
 * Converts to a signed integer. What does not fit is invalid, and gives the "integer indefinite": the most negative one.
 * `x` is taken apart for it: its halves are the result, in two's complement, sign-extended to 64 bits.
 *
 * @param bits 16, 32 or 64
 */
export function toInteger(x: Real, bits: number, rounding: Rounding, env: FloatEnv): void {
  if (x.kind === Kind.zero) {
    x.setSignificand(0, 0, 0);
    return;
  }
  const inexact = x.kind === Kind.finite ? toMagnitude(x, rounding, env) : null;
  if (inexact === null || !fits(x, bits)) {
    env.flags |= IE;
    env.roundedUp = false;
    x.setSignificand(bits === 64 ? 0x80000000 : -1, bits === 64 ? 0 : -(2 ** (bits - 1)), 0);
    return;
  }
  env.flags |= inexact ? PE : 0;
  if (x.negative) {
    x.setSignificand(~x.high + (x.low === 0 ? 1 : 0), -x.low, 0);
  }
}

function fits({ high, low, negative }: Real, bits: number): boolean {
  if (bits === 64) {
    return high >= 0 || (negative && high === (0x80000000 | 0) && low === 0);
  }
  const limit = 2 ** (bits - 1) - (negative ? 0 : 1);
  return high === 0 && low >>> 0 <= limit;
}

/** Sets an exact number from a signed 64-bit integer, given as its halves. */
export function fromInteger(low: number, high: number, x: Real): void {
  x.denormal = false;
  if (low === 0 && high === 0) {
    x.setZero(false);
    return;
  }
  x.kind = Kind.finite;
  x.negative = high < 0;
  x.exponent = 63;
  if (high < 0) {
    x.setSignificand(~high + (low === 0 ? 1 : 0), -low, 0);
  } else {
    x.setSignificand(high, low, 0);
  }
  x.normalize();
}

/** The result of a conversion between formats: the same number, for `finish` to round. A NaN becomes quiet. */
export function convert(x: Real, env: FloatEnv): void {
  if (x.kind === Kind.unsupported) {
    invalid(x, env);
  } else if (x.kind === Kind.nan) {
    propagate(x, x, x, env);
  } else if (x.denormal) {
    env.flags |= FloatException.DE;
  }
}
