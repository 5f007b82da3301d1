import { integerSquareRoot } from "./significand";

/**
 * Elementary functions of fixed-point numbers: bigints that count units of 2^-bits. Errors are some units; callers have
 * many more bits than they need.
 */

/** n / d, cut. */
const ratio = (n: bigint, d: bigint, bits: number): bigint => (n << BigInt(bits)) / d;

/** The sum of first * ratios of neighbouring terms, as long as they are not 0. */
function sumOf(first: bigint, next: (term: bigint, index: bigint) => bigint): bigint {
  let sum = 0n;
  let term = first;
  for (let index = 1n; term !== 0n; index++) {
    sum += term;
    term = next(term, index);
  }
  return sum;
}

/** x - x^3/3 + x^5/5 ..., or all signs plus: arcus tangent, and area tangent. |x| is well below 1. */
function oddSeries(x: bigint, bits: number, sign: 1n | -1n): bigint {
  const square = (x * x) >> BigInt(bits);
  let power = x;
  return sumOf(x, (_, index) => {
    power = (sign * power * square) >> BigInt(bits);
    // A negative power is cut to -1, never to 0.
    return power === -1n ? 0n : power / (2n * index + 1n);
  });
}

const CONSTANT_BITS = 512;

/** ln 2 = 2 artanh(1/3), and pi = 16 arctan(1/5) - 4 arctan(1/239), when they are first wanted. */
const constants = (() => {
  let found: { ln2: bigint; pi: bigint } | null = null;
  return () => {
    found ??= {
      ln2: 2n * oddSeries(ratio(1n, 3n, CONSTANT_BITS), CONSTANT_BITS, 1n),
      pi:
        16n * oddSeries(ratio(1n, 5n, CONSTANT_BITS), CONSTANT_BITS, -1n) -
        4n * oddSeries(ratio(1n, 239n, CONSTANT_BITS), CONSTANT_BITS, -1n),
    };
    return found;
  };
})();

/** pi, up to 500 bits. */
export const pi = (bits: number): bigint => constants().pi >> BigInt(CONSTANT_BITS - bits);

/** The natural logarithm of 2, up to 500 bits. */
export const ln2 = (bits: number): bigint => constants().ln2 >> BigInt(CONSTANT_BITS - bits);

/** sin x, for |x| up to 1. */
export function sine(x: bigint, bits: number): bigint {
  const square = (x * x) >> BigInt(bits);
  return sumOf(x, (term, index) => -((term * square) >> BigInt(bits)) / (2n * index * (2n * index + 1n)));
}

/** cos x, for |x| up to 1. */
export function cosine(x: bigint, bits: number): bigint {
  const square = (x * x) >> BigInt(bits);
  return sumOf(
    1n << BigInt(bits),
    (term, index) => -((term * square) >> BigInt(bits)) / (2n * index * (2n * index - 1n)),
  );
}

/** e^x - 1, for |x| up to 1. */
export const exponentialMinus1 = (x: bigint, bits: number): bigint =>
  sumOf(x, (term, index) => ((term * x) >> BigInt(bits)) / (index + 1n));

/** How often an angle is halved before its series is summed. */
const HALVINGS = 3;

/** arctan x, for x from 0 to 1. */
export function arcTangent(x: bigint, bits: number): bigint {
  const one = 1n << BigInt(bits);
  let tangent = x;
  for (let i = 0; i < HALVINGS; i++) {
    // tan(a / 2) = tan a / (1 + sqrt(1 + tan^2 a))
    tangent = ratio(tangent, one + integerSquareRoot(one * one + tangent * tangent), bits);
  }
  return oddSeries(tangent, bits, -1n) << BigInt(HALVINGS);
}

/** log2(1 + x), for x above -1. */
export function log2Plus1(x: bigint, bits: number): bigint {
  const one = 1n << BigInt(bits);
  let mantissa = one + x;
  let exponent = 0n;
  // From 0.7 to 1.4 the series is short, and near 1 nothing is lost.
  for (; mantissa * 5n > one * 7n; exponent++) {
    mantissa >>= 1n;
  }
  for (; mantissa * 10n < one * 7n; exponent--) {
    mantissa <<= 1n;
  }
  const logarithm = 2n * oddSeries(ratio(mantissa - one, mantissa + one, bits), bits, 1n);
  return (exponent << BigInt(bits)) + ratio(logarithm, ln2(bits), bits);
}
