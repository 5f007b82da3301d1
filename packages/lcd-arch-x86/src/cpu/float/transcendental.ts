import { type FloatEnv, FloatException } from "./environment";
import { hasNoValue, invalid, noteDenormals, propagate } from "./operands";
import { Kind, type Real } from "./real";
import { arcTangent, cosine, exponentialMinus1, ln2, log2Plus1, pi, sine } from "./series";

/**
 * The x87 transcendental functions (SDM 1, "Transcendental Instructions"). They are computed with twice the bits of the
 * result and more, so that `finish` rounds them as if they were exact.
 */

/** Bits that a result's error is below, with room: 64 are wanted. */
const WORKING_BITS = 200;

/** Below 2^-NEGLIGIBLE, what a function's next term adds to x changes no bit that is kept, only that there are more. */
const NEGLIGIBLE = 70;

/** Arguments of the trigonometric functions are below 2^63 (SDM 1, "Trigonometric Functions Results"). */
const TRIGONOMETRIC_LIMIT = 63;

/** pi as the processor reduces arguments with it: 66 bits (SDM 1, "Approximation of Pi"), in units of 2^-66. */
const PI_66 = 0xc90fdaa22168c234cn;
const PI_66_BITS = 66;

/** Fractional bits for an argument of an exponent: small ones keep all their bits. */
const bitsFor = ({ exponent }: Real): number => WORKING_BITS + Math.max(0, -exponent);

function toFixed(x: Real, bits: number): bigint {
  const shift = bits + x.exponent - 63;
  const magnitude = shift >= 0 ? x.significand << BigInt(shift) : x.significand >> BigInt(-shift);
  return x.negative ? -magnitude : magnitude;
}

/** Sets an irrational number: it lies strictly between `value` and its neighbour. */
function setFixed(out: Real, value: bigint, bits: number): void {
  const magnitude = value < 0n ? -value : value;
  out.setScaled(value < 0n, (magnitude << 40n) | 1n, -bits - 40);
}

/** x, a tiny bit larger or smaller. */
function setNear(out: Real, x: Real, larger: boolean): void {
  out.copy(x);
  out.denormal = false;
  const exact = x.significand << 80n;
  out.setScaled(x.negative, larger ? exact + 1n : exact - 1n, x.exponent - 63 - 80);
}

const setOne = (out: Real): void => out.setScaled(false, 1n, 0);

/** sine, cosine and tangent of the same angle; those that are null are not wanted. */
export interface Trigonometric {
  sine: Real | null;
  cosine: Real | null;
  tangent: Real | null;
}

/** Computes functions of x. @returns false when x is out of range: nothing has been done, and C2 is to be set */
export function trigonometric(x: Real, results: Trigonometric, env: FloatEnv): boolean {
  const wanted = [results.sine, results.cosine, results.tangent].filter((result) => result !== null);
  if (x.kind === Kind.finite && x.exponent >= TRIGONOMETRIC_LIMIT) {
    return false;
  }
  if (hasNoValue(x)) {
    wanted.forEach((result) => propagate(x, x, result, env));
  } else if (x.kind === Kind.infinity) {
    wanted.forEach((result) => invalid(result, env));
  } else if (x.kind === Kind.zero) {
    results.sine?.setZero(x.negative);
    results.tangent?.setZero(x.negative);
    if (results.cosine !== null) {
      setOne(results.cosine);
    }
  } else {
    noteDenormals(env, x);
    if (x.exponent < -NEGLIGIBLE) {
      smallAngle(x, results);
    } else {
      angle(x, results);
    }
  }
  return true;
}

function smallAngle(x: Real, { sine, cosine, tangent }: Trigonometric): void {
  if (sine !== null) {
    setNear(sine, x, false);
  }
  if (tangent !== null) {
    setNear(tangent, x, true);
  }
  if (cosine !== null) {
    setOne(cosine);
    setNear(cosine, cosine, false);
  }
}

function angle(x: Real, results: Trigonometric): void {
  const bits = bitsFor(x);
  const fixed = toFixed(x, bits);
  // The nearest multiple of pi / 2 is taken off.
  const quarter = PI_66 << BigInt(bits - PI_66_BITS - 1);
  const turns = (fixed + (quarter >> 1n)) / quarter - (fixed + (quarter >> 1n) < 0n ? 1n : 0n);
  const rest = fixed - turns * quarter;
  const [s, c] = [sine(rest, bits), cosine(rest, bits)];
  const quadrant = Number(turns & 3n);
  const rotated = [
    [s, c],
    [c, -s],
    [-s, -c],
    [-c, s],
  ][quadrant];
  if (results.sine !== null) {
    setFixed(results.sine, rotated[0], bits);
  }
  if (results.cosine !== null) {
    setFixed(results.cosine, rotated[1], bits);
  }
  if (results.tangent !== null) {
    setFixed(results.tangent, (rotated[0] << BigInt(bits)) / rotated[1], bits);
  }
}

/** The angle of the point (x, y), as FPATAN gives it (SDM 2A, "FPATAN", table of results). */
export function arcTangent2(y: Real, x: Real, out: Real, env: FloatEnv): void {
  if (hasNoValue(x, y)) {
    propagate(x, y, out, env);
    return;
  }
  noteDenormals(env, x, y);
  const infinite = y.kind === Kind.infinity || x.kind === Kind.infinity;
  const bits = WORKING_BITS;
  if (y.kind === Kind.finite && x.kind === Kind.finite) {
    angleOf(y, x, out);
  } else if (infinite && y.kind === x.kind) {
    setFixed(out, ((x.negative ? 3n : 1n) * pi(bits)) / 4n, bits);
  } else if (y.kind === Kind.infinity || x.kind === Kind.zero ? y.kind !== Kind.zero : false) {
    setFixed(out, pi(bits) / 2n, bits);
  } else if (x.negative) {
    setFixed(out, pi(bits), bits);
  } else {
    out.setZero(false);
  }
  out.negative = y.negative;
}

/** The angle of a point off the axes, in the upper half. */
function angleOf(y: Real, x: Real, out: Real): void {
  const distance = y.exponent - x.exponent;
  if (!x.negative && distance < -NEGLIGIBLE) {
    // Little less than y / x.
    out.setScaled(false, ((y.significand << 200n) / x.significand) * 2n - 1n, distance - 201);
    return;
  }
  const bits = WORKING_BITS + NEGLIGIBLE;
  const steep = y.compareMagnitude(x) > 0;
  const [small, large] = steep ? [x, y] : [y, x];
  const shift = bits + small.exponent - large.exponent;
  const tangent = shift < 0 ? 0n : (small.significand << BigInt(shift)) / large.significand;
  const flat = arcTangent(tangent, bits);
  const acute = steep ? pi(bits) / 2n - flat : flat;
  setFixed(out, x.negative ? pi(bits) - acute : acute, bits);
}

/** 2^x - 1 for x from -1 to 1; others come back unchanged, which the manual leaves open. */
export function power2Minus1(x: Real, out: Real, env: FloatEnv): void {
  if (hasNoValue(x)) {
    propagate(x, x, out, env);
    return;
  }
  noteDenormals(env, x);
  out.copy(x);
  if (x.kind === Kind.infinity && x.negative) {
    out.setScaled(true, 1n, 0);
  } else if (x.kind === Kind.finite && x.exponent < -NEGLIGIBLE) {
    multiplyFixed(x, ln2(WORKING_BITS), WORKING_BITS, out);
  } else if (x.kind === Kind.finite && x.exponent < 0) {
    const bits = bitsFor(x);
    setFixed(out, exponentialMinus1((toFixed(x, bits) * ln2(bits)) >> BigInt(bits), bits), bits);
  } else if (x.kind === Kind.finite && x.negative && x.exponent === 0 && isPowerOfTwo(x)) {
    out.setScaled(true, 1n, -1);
  }
}

/** x times an irrational number. */
function multiplyFixed(x: Real, factor: bigint, bits: number, out: Real): void {
  const product = x.significand * factor;
  setFixed(out, x.negative ? -product : product, bits - x.exponent + 63);
}

/** y * log2(x), as FYL2X gives it (SDM 2A, "FYL2X", table of results). */
export function timesLog2(y: Real, x: Real, out: Real, env: FloatEnv): void {
  if (hasNoValue(x, y)) {
    propagate(x, y, out, env);
    return;
  }
  if (x.negative && x.kind !== Kind.zero) {
    invalid(out, env);
    return;
  }
  const isOne = x.kind === Kind.finite && x.exponent === 0 && isPowerOfTwo(x);
  if (y.kind === Kind.zero && (x.kind === Kind.zero || x.kind === Kind.infinity)) {
    invalid(out, env);
  } else if (y.kind === Kind.infinity && isOne) {
    invalid(out, env);
  } else if (x.kind === Kind.zero) {
    env.flags |= y.kind === Kind.finite ? FloatException.ZE : 0;
    out.setInfinity(!y.negative);
  } else if (y.kind === Kind.infinity || x.kind === Kind.infinity) {
    noteDenormals(env, x, y);
    out.setInfinity(y.negative !== (x.kind === Kind.finite && x.exponent < 0));
  } else {
    noteDenormals(env, x, y);
    logarithm(y, x, isOne, out);
  }
}

const isPowerOfTwo = ({ high, low }: Real): boolean => high === (0x80000000 | 0) && low === 0;

/** y * log2(x) of finite numbers, x positive; y may be 0. */
function logarithm(y: Real, x: Real, isOne: boolean, out: Real): void {
  if (y.kind === Kind.zero || isOne) {
    out.setZero(y.negative !== x.exponent < 0);
  } else if (isPowerOfTwo(x)) {
    out.setScaled(y.negative !== x.exponent < 0, y.significand * BigInt(Math.abs(x.exponent)), y.exponent - 63);
  } else {
    const bits = WORKING_BITS + 64;
    const fraction = (x.significand << BigInt(bits - 63)) - (1n << BigInt(bits));
    multiplyFixed(y, (BigInt(x.exponent) << BigInt(bits)) + log2Plus1(fraction, bits), bits, out);
  }
}

/** y * log2(x + 1), as FYL2XP1 gives it (SDM 2A, "FYL2XP1", table of results). */
export function timesLog2Plus1(y: Real, x: Real, out: Real, env: FloatEnv): void {
  if (hasNoValue(x, y)) {
    propagate(x, y, out, env);
    return;
  }
  const below = x.negative && (x.kind === Kind.infinity || (x.kind === Kind.finite && x.exponent >= 0));
  const infinite = y.kind === Kind.infinity || x.kind === Kind.infinity;
  if (below || (infinite && (y.kind === Kind.zero || x.kind === Kind.zero))) {
    invalid(out, env);
    return;
  }
  noteDenormals(env, x, y);
  const negative = y.negative !== x.negative;
  if (infinite) {
    out.setInfinity(negative);
  } else if (y.kind === Kind.zero || x.kind === Kind.zero) {
    out.setZero(negative);
  } else if (x.exponent < -2 * NEGLIGIBLE) {
    // x / ln 2
    const bits = WORKING_BITS;
    multiplyFixed(y, x.significand * ((1n << BigInt(2 * bits)) / ln2(bits)), bits + 63 - x.exponent, out);
    out.negative = negative;
  } else {
    const bits = bitsFor(x);
    multiplyFixed(y, log2Plus1(toFixed(x, bits), bits), bits, out);
  }
}
