import { type FloatEnv, FloatException, Rounding } from "./environment";
import { hasNoValue, invalid, noteDenormals, propagate } from "./operands";
import { Kind, type Real } from "./real";
import { divideSignificands, multiplySignificands, squareRoot } from "./significand";

/** An operation on two numbers. `out` is its exact result, for `finish` to round; it must be neither operand. */
export type BinaryOperation = (a: Real, b: Real, out: Real, env: FloatEnv) => void;

/** a + b */
export const add: BinaryOperation = (a, b, out, env) => sum(a, b, b.negative, out, env);

/** a - b */
export const subtract: BinaryOperation = (a, b, out, env) => sum(a, b, !b.negative, out, env);

/** a * b */
export const multiply: BinaryOperation = (a, b, out, env) => {
  if (hasNoValue(a, b)) {
    propagate(a, b, out, env);
    return;
  }
  const infinite = a.kind === Kind.infinity || b.kind === Kind.infinity;
  const zero = a.kind === Kind.zero || b.kind === Kind.zero;
  if (infinite && zero) {
    invalid(out, env);
    return;
  }
  noteDenormals(env, a, b);
  const negative = a.negative !== b.negative;
  if (infinite) {
    out.setInfinity(negative);
  } else if (zero) {
    out.setZero(negative);
  } else {
    out.kind = Kind.finite;
    out.negative = negative;
    out.exponent = a.exponent + b.exponent + 1;
    multiplySignificands(a, b, out);
  }
};

/** a / b */
export const divide: BinaryOperation = (a, b, out, env) => {
  if (hasNoValue(a, b)) {
    propagate(a, b, out, env);
    return;
  }
  if (a.kind === b.kind && a.kind !== Kind.finite) {
    // 0 / 0 and infinity / infinity
    invalid(out, env);
    return;
  }
  const negative = a.negative !== b.negative;
  if (b.kind === Kind.zero && a.kind === Kind.finite) {
    env.flags |= FloatException.ZE;
    out.setInfinity(negative);
    return;
  }
  noteDenormals(env, a, b);
  if (a.kind === Kind.infinity || b.kind === Kind.zero) {
    out.setInfinity(negative);
  } else if (a.kind === Kind.zero || b.kind === Kind.infinity) {
    out.setZero(negative);
  } else {
    out.kind = Kind.finite;
    out.negative = negative;
    out.exponent = a.exponent - b.exponent;
    divideSignificands(a, b, out);
  }
};

/** The square root of a; of -0 it is -0. `out` must not be `a`. */
export function sqrt(a: Real, out: Real, env: FloatEnv): void {
  if (hasNoValue(a)) {
    propagate(a, a, out, env);
  } else if (a.negative && a.kind !== Kind.zero) {
    invalid(out, env);
  } else {
    noteDenormals(env, a);
    if (a.kind === Kind.finite) {
      squareRoot(a, out);
    } else {
      out.copy(a);
    }
  }
}

function sum(a: Real, b: Real, negativeB: boolean, out: Real, env: FloatEnv): void {
  if (hasNoValue(a, b)) {
    propagate(a, b, out, env);
    return;
  }
  const opposite = a.negative !== negativeB;
  if (a.kind === Kind.infinity && b.kind === Kind.infinity && opposite) {
    invalid(out, env);
    return;
  }
  noteDenormals(env, a, b);
  if (a.kind === Kind.infinity || (b.kind === Kind.zero && a.kind !== Kind.zero)) {
    out.copy(a);
  } else if (b.kind === Kind.infinity || (a.kind === Kind.zero && b.kind !== Kind.zero)) {
    out.copy(b);
    out.negative = negativeB;
  } else if (a.kind === Kind.zero) {
    out.setZero(opposite ? env.rounding === Rounding.down : a.negative);
  } else {
    sumOfFinite(a, b, negativeB, out, env);
  }
}

function sumOfFinite(a: Real, b: Real, negativeB: boolean, out: Real, env: FloatEnv): void {
  const order = a.compareMagnitude(b);
  const [larger, smaller] = order >= 0 ? [a, b] : [b, a];
  const negative = order >= 0 ? a.negative : negativeB;
  if (order === 0 && a.negative !== negativeB) {
    out.setZero(env.rounding === Rounding.down);
    return;
  }
  out.copy(smaller);
  out.shiftRight(larger.exponent - smaller.exponent);
  out.exponent = larger.exponent;
  out.negative = negative;
  if (a.negative === negativeB) {
    addSignificand(larger, out);
  } else {
    subtractFrom(larger, out);
  }
}

/** out += larger; a carry makes it one bit wider. */
function addSignificand(larger: Real, out: Real): void {
  const low = (larger.low >>> 0) + (out.low >>> 0);
  const high = (larger.high >>> 0) + (out.high >>> 0) + (low > 0xffffffff ? 1 : 0);
  out.low = low | 0;
  out.high = high | 0;
  if (high > 0xffffffff) {
    out.shiftRight(1);
    out.high |= 0x80000000;
    out.exponent++;
  }
}

/** out = larger - out, normalized. */
function subtractFrom(larger: Real, out: Real): void {
  const low = (larger.low >>> 0) - (out.low >>> 0) - (out.rest === 0 ? 0 : 1);
  const high = (larger.high >>> 0) - (out.high >>> 0) - (low < 0 ? 1 : 0);
  out.setSignificand(high, low, -out.rest);
  out.normalize();
}
