/** What a number is. From `nan` on it has no value. */
export const Kind = { zero: 0, finite: 1, infinity: 2, nan: 3, unsupported: 4 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Bit 31: the top bit of a half. */
const TOP = 0x80000000 | 0;
/** In `high`: the bit that tells a quiet NaN from a signaling one. */
export const QUIET_BIT = 1 << 30;

/**
 * A floating-point number of any format, taken apart. Finite ones are (-1)^negative * significand * 2^(exponent - 63);
 * the 64-bit significand has its top bit set, except while a function of this folder says otherwise. A NaN's significand
 * is what the 80-bit format has, so that payloads of the other formats are at its top.
 */
export class Real {
  kind: Kind = Kind.zero;
  negative = false;
  exponent = 0;
  /** The significand's upper half, as a signed 32-bit integer. */
  high = 0;
  /** The significand's lower half, as a signed 32-bit integer. */
  low = 0;
  /** Bits of an exact result below the significand, from bit 31 down; bit 0 stands for all that do not fit, too. */
  rest = 0;
  /** It came from an encoding that the denormal-operand exception is for. */
  denormal = false;

  get signaling(): boolean {
    return this.kind === Kind.nan && (this.high & QUIET_BIT) === 0;
  }

  copy(from: Real): void {
    this.kind = from.kind;
    this.negative = from.negative;
    this.exponent = from.exponent;
    this.high = from.high;
    this.low = from.low;
    this.rest = from.rest;
    this.denormal = from.denormal;
  }

  setZero(negative: boolean): void {
    this.kind = Kind.zero;
    this.negative = negative;
    this.setSignificand(0, 0, 0);
  }

  setInfinity(negative: boolean): void {
    this.kind = Kind.infinity;
    this.negative = negative;
    this.setSignificand(TOP, 0, 0);
  }

  /** The default NaN, "real indefinite": quiet, negative, no payload (SDM 1, "QNaN Floating-Point Indefinite"). */
  setIndefinite(): void {
    this.kind = Kind.nan;
    this.negative = true;
    this.setSignificand(TOP | QUIET_BIT, 0, 0);
  }

  setSignificand(high: number, low: number, rest: number): void {
    this.high = high | 0;
    this.low = low | 0;
    this.rest = rest | 0;
  }

  /** The significand as an unsigned 64-bit integer. */
  get significand(): bigint {
    return (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0);
  }

  /** Sets a finite number, or zero, from an integer of any size times 2^scale; it keeps 96 bits and what is below as one. */
  setScaled(negative: boolean, integer: bigint, scale: number): void {
    if (integer === 0n) {
      this.setZero(negative);
      return;
    }
    const width = integer.toString(2).length;
    const surplus = width - 96;
    const aligned = surplus <= 0 ? integer << BigInt(-surplus) : integer >> BigInt(surplus);
    const lost = surplus > 0 && aligned << BigInt(surplus) !== integer;
    this.kind = Kind.finite;
    this.negative = negative;
    this.exponent = scale + width - 1;
    this.high = Number(aligned >> 64n) | 0;
    this.low = Number((aligned >> 32n) & 0xffffffffn) | 0;
    this.rest = Number(aligned & 0xffffffffn) | (lost ? 1 : 0);
  }

  /** Orders the significands: negative, 0 or positive. */
  compareSignificand(other: Real): number {
    return this.high === other.high ? (this.low >>> 0) - (other.low >>> 0) : (this.high >>> 0) - (other.high >>> 0);
  }

  /** Orders the magnitudes of two finite numbers: negative, 0 or positive. */
  compareMagnitude(other: Real): number {
    return this.exponent === other.exponent ? this.compareSignificand(other) : this.exponent - other.exponent;
  }

  /** Shifts significand and rest left until the top bit is set; they are not all 0. */
  normalize(): void {
    while (this.high === 0) {
      this.setSignificand(this.low, this.rest, 0);
      this.exponent -= 32;
    }
    const shift = Math.clz32(this.high);
    if (shift > 0) {
      this.high = (this.high << shift) | (this.low >>> (32 - shift));
      this.low = (this.low << shift) | (this.rest >>> (32 - shift));
      this.rest <<= shift;
      this.exponent -= shift;
    }
  }

  /** Shifts the significand right into the rest, without changing the exponent; what falls out is kept as bit 0. */
  shiftRight(count: number): void {
    let left = count;
    while (left >= 32) {
      const sticky = this.rest === 0 ? 0 : 1;
      this.setSignificand(0, this.high, this.low | sticky);
      if (this.high === 0 && this.low === 0) {
        left = Math.min(left, 64);
      }
      left -= 32;
    }
    if (left > 0) {
      const sticky = this.rest << (32 - left) === 0 ? 0 : 1;
      this.rest = (this.rest >>> left) | (this.low << (32 - left)) | sticky;
      this.low = (this.low >>> left) | (this.high << (32 - left));
      this.high >>>= left;
      this.high |= 0;
    }
  }
}
