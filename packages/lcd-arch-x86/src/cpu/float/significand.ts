import { Kind, type Real } from "./real";

/** High half of the product of two unsigned 32-bit integers, as a number from 0 to 2^32 - 1. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return aHigh * bHigh + (first >>> 16) + (second >>> 16);
}

const multiplyLow = (a: number, b: number): number => Math.imul(a, b) >>> 0;

const TWO_32 = 0x100000000;

/** The product of two significands, whose top bit weighs as much as bit 127; normalizes it. */
export function multiplySignificands(a: Real, b: Real, out: Real): void {
  const [aHigh, aLow, bHigh, bLow] = [a.high >>> 0, a.low >>> 0, b.high >>> 0, b.low >>> 0];
  const lowest = multiplyLow(aLow, bLow);
  const second = multiplyHigh(aLow, bLow) + multiplyLow(aLow, bHigh) + multiplyLow(aHigh, bLow);
  const third =
    multiplyHigh(aLow, bHigh) + multiplyHigh(aHigh, bLow) + multiplyLow(aHigh, bHigh) + Math.floor(second / TWO_32);
  const highest = multiplyHigh(aHigh, bHigh) + Math.floor(third / TWO_32);
  out.setSignificand(highest, third, second | (lowest === 0 ? 0 : 1));
  out.normalize();
}

/** The quotient of two significands: 66 bits by long division, and in the last bit of the rest whether more follow. */
export function divideSignificands(a: Real, b: Real, out: Real): void {
  const [divisorHigh, divisorLow] = [b.high >>> 0, b.low >>> 0];
  let [high, low] = [a.high >>> 0, a.low >>> 0];
  // A first digit of 0 is skipped, so that the quotient has its top bit set.
  let overflow = false;
  if (a.compareSignificand(b) < 0) {
    out.exponent--;
    overflow = high >= 0x80000000;
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = (low << 1) >>> 0;
  }
  for (const bits of digitGroups) {
    let digits = 0;
    for (let bit = 0; bit < bits; bit++) {
      digits <<= 1;
      if (overflow || high > divisorHigh || (high === divisorHigh && low >= divisorLow)) {
        const difference = low - divisorLow;
        low = difference >>> 0;
        high = (high - divisorHigh - (difference < 0 ? 1 : 0)) >>> 0;
        digits |= 1;
      }
      overflow = high >= 0x80000000;
      high = ((high << 1) | (low >>> 31)) >>> 0;
      low = (low << 1) >>> 0;
    }
    out.setSignificand(out.low, out.rest, digits);
  }
  const more = overflow || high !== 0 || low !== 0 ? 1 : 0;
  out.rest = (out.rest << 30) | more;
}

/** The quotient's bits: two halves of the significand, and two bits to round by. */
const digitGroups = [32, 32, 2] as const;

/** The square root of a positive number: 66 bits, and in the last bit of the rest whether more follow. */
export function squareRoot(a: Real, out: Real): void {
  // An odd exponent gives the significand one bit more, so that the rest of it halves.
  const odd = (a.exponent & 1) !== 0;
  const radicand = a.significand << (odd ? 68n : 67n);
  const root = integerSquareRoot(radicand);
  out.kind = Kind.finite;
  out.negative = false;
  out.exponent = (a.exponent - (odd ? 1 : 0)) / 2;
  out.high = Number(root >> 34n) | 0;
  out.low = Number((root >> 2n) & 0xffffffffn) | 0;
  out.rest = (Number(root & 3n) << 30) | (root * root === radicand ? 0 : 1);
}

/** The largest integer whose square is at most `n`, for n from 2^130 to 2^132. */
function integerSquareRoot(n: bigint): bigint {
  // From above, Newton's iteration falls until it is there.
  let root = BigInt(Math.ceil(Math.sqrt(Number(n)) * (1 + Number.EPSILON)));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) {
      return root;
    }
    root = next;
  }
}
