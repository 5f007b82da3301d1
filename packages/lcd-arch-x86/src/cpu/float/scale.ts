import { type FloatEnv, FloatException } from "./environment";
import { fromInteger } from "./integer";
import { hasNoValue, invalid, noteDenormals, propagate } from "./operands";
import { Kind, type Real } from "./real";

/** A scale that takes every number out of range, so that no larger one is of interest. */
const FAR = 0x10000;

/** a * 2^(b cut to an integer), as FSCALE does it (SDM 2A, "FSCALE", table of results). */
export function scale(a: Real, b: Real, out: Real, env: FloatEnv): void {
  if (hasNoValue(a, b)) {
    propagate(a, b, out, env);
    return;
  }
  if (b.kind === Kind.infinity && a.kind === (b.negative ? Kind.infinity : Kind.zero)) {
    invalid(out, env);
    return;
  }
  noteDenormals(env, a, b);
  out.copy(a);
  if (a.kind !== Kind.finite) {
    return;
  }
  if (b.kind === Kind.finite) {
    out.exponent += integerPart(b);
  } else if (b.kind === Kind.infinity) {
    if (b.negative) {
      out.setZero(a.negative);
    } else {
      out.setInfinity(a.negative);
    }
  }
}

/** A finite number cut to an integer, and to FAR. */
function integerPart({ exponent, high, negative }: Real): number {
  if (exponent < 0) {
    return 0;
  }
  const magnitude = exponent >= 16 ? FAR : (high >>> 16) >>> (15 - exponent);
  return negative ? -magnitude : magnitude;
}

/**
 * Splits a number into its exponent, as a number, and its significand, from 1 to below 2 (SDM 2A, "FXTRACT"). Of a zero
 * the exponent is minus infinity, and that is a division by zero.
 */
export function extract(a: Real, exponent: Real, significand: Real, env: FloatEnv): void {
  if (hasNoValue(a)) {
    propagate(a, a, significand, env);
    exponent.copy(significand);
    return;
  }
  noteDenormals(env, a);
  significand.copy(a);
  if (a.kind === Kind.finite) {
    fromInteger(a.exponent, a.exponent >> 31, exponent);
    significand.exponent = 0;
  } else {
    exponent.setInfinity(a.kind === Kind.zero);
    env.flags |= a.kind === Kind.zero ? FloatException.ZE : 0;
  }
}
