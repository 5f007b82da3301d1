import type { FloatEnv } from "./environment";
import { hasNoValue, invalid, noteDenormals, propagate } from "./operands";
import { Kind, type Real } from "./real";
import { takeMultiples } from "./significand";

/** What FPREM and FPREM1 tell besides the remainder. */
export interface RemainderResult {
  /** The reduction is complete; else the result is only smaller, and the instruction is to be repeated. */
  complete: boolean;
  /** The low bits of the quotient; of a partial one 0; null when an operand has none. */
  quotient: number | null;
}

const NOTHING: RemainderResult = { complete: true, quotient: 0 };
const NO_QUOTIENT: RemainderResult = { complete: true, quotient: null };

/** Differences of exponents below this are reduced at once (SDM 2A, "FPREM"). */
const COMPLETE_BELOW = 64;

/**
 * The exact remainder of a / b, with the quotient cut off, or with `nearest` rounded to the nearest even integer (IEEE
 * 754). Exponents that are 64 or more apart come 32 to 63 nearer only.
 */
export function remainder(a: Real, b: Real, nearest: boolean, out: Real, env: FloatEnv): RemainderResult {
  if (hasNoValue(a, b)) {
    propagate(a, b, out, env);
    return NO_QUOTIENT;
  }
  if (a.kind === Kind.infinity || b.kind === Kind.zero) {
    invalid(out, env);
    return NO_QUOTIENT;
  }
  noteDenormals(env, a, b);
  out.copy(a);
  const distance = a.exponent - b.exponent;
  // Below half the divisor, and so below the divisor, a number is its own remainder.
  if (a.kind === Kind.zero || b.kind === Kind.infinity || distance < -1 || (distance < 0 && !nearest)) {
    return NOTHING;
  }
  if (distance >= COMPLETE_BELOW) {
    const places = 32 + (distance & 31);
    takeMultiples(out, b, places, false);
    settle(out, a.exponent - places, a.negative);
    return { complete: false, quotient: 0 };
  }
  if (distance < 0) {
    return nearestBelowDivisor(a, b, out);
  }
  const quotient = takeMultiples(out, b, distance, nearest);
  settle(out, b.exponent, a.negative);
  return { complete: true, quotient };
}

/** `a` has half the weight of the divisor: the quotient is 1 when it is more than half of it. */
function nearestBelowDivisor(a: Real, b: Real, out: Real): RemainderResult {
  if (a.compareSignificand(b) <= 0) {
    return NOTHING;
  }
  // b - a, where b's significand counts twice.
  const twice = (b.significand << 1n) - a.significand;
  out.setScaled(!a.negative, twice, a.exponent - 63);
  return { complete: true, quotient: 1 };
}

/** Makes what long division has left a number of a weight; a remainder of 0 has the dividend's sign. */
function settle(out: Real, exponent: number, negative: boolean): void {
  out.exponent = exponent;
  if (out.high === 0 && out.low === 0) {
    out.setZero(negative);
  } else {
    out.normalize();
  }
}
