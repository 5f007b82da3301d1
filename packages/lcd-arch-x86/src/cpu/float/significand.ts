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

/** Long division of significands in binary, digit after digit. */
class LongDivision {
  /** What is left of the dividend, below twice the divisor: 65 bits. */
  private high = 0;
  private low = 0;
  private overflow = false;
  private divisorHigh = 0;
  private divisorLow = 0;

  start(dividend: Real, divisor: Real): void {
    this.high = dividend.high >>> 0;
    this.low = dividend.low >>> 0;
    this.overflow = false;
    this.divisorHigh = divisor.high >>> 0;
    this.divisorLow = divisor.low >>> 0;
  }

  /** The next digit of the quotient; the divisor has been taken off if it is 1. */
  digit(): 0 | 1 {
    const { high, low, divisorHigh, divisorLow } = this;
    if (!this.overflow && (high < divisorHigh || (high === divisorHigh && low < divisorLow))) {
      return 0;
    }
    const difference = low - divisorLow;
    this.low = difference >>> 0;
    this.high = (high - divisorHigh - (difference < 0 ? 1 : 0)) >>> 0;
    this.overflow = false;
    return 1;
  }

  /** Goes on to the next place. */
  shift(): void {
    const { high, low } = this;
    this.overflow = high >= 0x80000000;
    this.high = ((high << 1) | (low >>> 31)) >>> 0;
    this.low = (low << 1) >>> 0;
  }

  get isDone(): boolean {
    return !this.overflow && this.high === 0 && this.low === 0;
  }

  /** How what is left compares to half the divisor: negative, 0 or positive. It is less than the divisor. */
  compareToHalf(): number {
    const { divisorHigh, divisorLow } = this;
    const twiceHigh = this.high * 2 + (this.low >= 0x80000000 ? 1 : 0);
    const twiceLow = (this.low << 1) >>> 0;
    return twiceHigh === divisorHigh ? twiceLow - divisorLow : twiceHigh - divisorHigh;
  }

  /** Sets a significand to what is left, or to what the divisor is larger by. */
  finish(into: Real, fromDivisor: boolean): void {
    if (fromDivisor) {
      const low = this.divisorLow - this.low;
      into.setSignificand(this.divisorHigh - this.high - (low < 0 ? 1 : 0), low, 0);
    } else {
      into.setSignificand(this.high, this.low, 0);
    }
  }
}

const division = new LongDivision();

/** The quotient's bits: two halves of the significand, and two bits to round by. */
const digitGroups = [32, 32, 2] as const;

/** The quotient of two significands: 66 bits, and in the last bit of the rest whether more follow. */
export function divideSignificands(a: Real, b: Real, out: Real): void {
  division.start(a, b);
  // A first digit of 0 is skipped, so that the quotient has its top bit set.
  if (a.compareSignificand(b) < 0) {
    out.exponent--;
    division.shift();
  }
  for (const bits of digitGroups) {
    let digits = 0;
    for (let bit = 0; bit < bits; bit++) {
      digits = (digits << 1) | division.digit();
      division.shift();
    }
    out.setSignificand(out.low, out.rest, digits);
  }
  out.rest = (out.rest << 30) | (division.isDone ? 0 : 1);
}

/**
 * Takes multiples of `divisor * 2^shift` off the significand of `out`, which is that of a number 2^(places + shift) times
 * as heavy: `places` + 1 digits of long division. With `nearest`, the last digit is such that the smallest magnitude is
 * left, which can turn the sign. What is left is not normalized.
 *
 * @returns the low bits of the quotient
 */
export function takeMultiples(out: Real, divisor: Real, places: number, nearest: boolean): number {
  division.start(out, divisor);
  let quotient: number = division.digit();
  for (let place = 0; place < places; place++) {
    division.shift();
    quotient = (quotient << 1) | division.digit();
  }
  const half = nearest ? division.compareToHalf() : -1;
  const up = half > 0 || (half === 0 && (quotient & 1) !== 0);
  division.finish(out, up);
  out.negative = out.negative !== up;
  return quotient + (up ? 1 : 0);
}

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

/** The largest integer whose square is at most `n`, for n from 1 to below 2^1000. */
export function integerSquareRoot(n: bigint): bigint {
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
