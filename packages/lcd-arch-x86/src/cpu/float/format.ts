import { Kind, QUIET_BIT, type Real } from "./real";

/** The numbers of a format (SDM 1, "Floating-Point Data Types"): significand bits with the integer bit, and exponents. */
export interface Format {
  readonly precision: 24 | 53 | 64;
  /** Exponents of the smallest and the largest normal numbers. */
  readonly minExponent: number;
  readonly maxExponent: number;
  /** Added to the exponent when an unmasked underflow's result goes to an x87 register (SDM 1, "Numeric Underflow Exception"). */
  readonly bias: number;
}

const format = (precision: 24 | 53 | 64, bias: number): Format => ({
  precision,
  minExponent: 1 - bias,
  maxExponent: bias,
  bias,
});

export const binary32: Format = format(24, 127);
export const binary64: Format = format(53, 1023);
/** The x87 double extended-precision format. */
export const extended80: Format = format(64, 16383);

const TOP = 0x80000000 | 0;

/** Finite fields, taken apart: a biased exponent of 0 has no integer bit. */
function setFinite(into: Real, biased: number, { bias }: Format): void {
  into.kind = Kind.finite;
  into.denormal = biased === 0;
  into.exponent = (biased === 0 ? 1 : biased) - bias;
  if (biased !== 0) {
    into.high |= TOP;
  }
  into.normalize();
}

function setSpecial(into: Real): void {
  into.kind = into.high === 0 && into.low === 0 ? Kind.infinity : Kind.nan;
  into.high |= TOP;
}

/** Takes a binary32 number apart. */
export function unpack32(bits: number, into: Real): void {
  const biased = (bits >>> 23) & 0xff;
  into.negative = bits < 0 || bits > 0x7fffffff;
  into.denormal = false;
  into.setSignificand((bits & 0x7fffff) << 8, 0, 0);
  if (biased === 0xff) {
    setSpecial(into);
  } else if (biased === 0 && into.high === 0) {
    into.kind = Kind.zero;
  } else {
    setFinite(into, biased, binary32);
  }
}

/** Takes a binary64 number apart, given as its halves. */
export function unpack64(low: number, high: number, into: Real): void {
  const biased = (high >>> 20) & 0x7ff;
  into.negative = high < 0 || high > 0x7fffffff;
  into.denormal = false;
  into.setSignificand(((high & 0xfffff) << 11) | (low >>> 21), low << 11, 0);
  if (biased === 0x7ff) {
    setSpecial(into);
  } else if (biased === 0 && into.high === 0 && into.low === 0) {
    into.kind = Kind.zero;
  } else {
    setFinite(into, biased, binary64);
  }
}

/** Takes an 80-bit number apart: significand as halves, sign and exponent as 16 bits. */
export function unpack80(low: number, high: number, signExponent: number, into: Real): void {
  const biased = signExponent & 0x7fff;
  into.negative = (signExponent & 0x8000) !== 0;
  into.denormal = false;
  into.setSignificand(high, low, 0);
  if (biased === 0) {
    if (into.high === 0 && into.low === 0) {
      into.kind = Kind.zero;
    } else {
      // A pseudo-denormal has its integer bit set and the value of the smallest normal exponent.
      into.kind = Kind.finite;
      into.denormal = true;
      into.exponent = extended80.minExponent;
      into.normalize();
    }
  } else if (into.high >= 0) {
    into.kind = Kind.unsupported;
  } else if (biased === 0x7fff) {
    into.kind = into.high === TOP && into.low === 0 ? Kind.infinity : Kind.nan;
  } else {
    into.kind = Kind.finite;
    into.exponent = biased - extended80.bias;
  }
}

/** The biased exponent of a number that `finish` has made fit. */
function biasedExponent(x: Real, { bias }: Format): number {
  switch (x.kind) {
    case Kind.zero:
      return 0;
    case Kind.finite:
      return x.high < 0 ? x.exponent + bias : 0;
    default:
      return 2 * bias + 1;
  }
}

/** The bits of a number that `finish` has made fit binary32, as a signed 32-bit integer. */
export function pack32(x: Real): number {
  const biased = biasedExponent(x, binary32);
  return (x.negative ? TOP : 0) | (biased << 23) | ((x.high & ~TOP) >>> 8);
}

/** The upper half of a number that `finish` has made fit binary64, as a signed 32-bit integer. */
export function pack64High(x: Real): number {
  const biased = biasedExponent(x, binary64);
  return (x.negative ? TOP : 0) | (biased << 20) | ((x.high & ~TOP) >>> 11);
}

/** The lower half of a number that `finish` has made fit binary64, as a signed 32-bit integer. */
export const pack64Low = (x: Real): number => (x.high << 21) | (x.low >>> 11);

/** Sign and exponent of an 80-bit number, whose significand is the Real's. */
export const pack80SignExponent = (x: Real): number => biasedExponent(x, extended80) | (x.negative ? 0x8000 : 0);

/** Makes a signaling NaN quiet. */
export function quiet(x: Real): void {
  x.high |= QUIET_BIT;
}
