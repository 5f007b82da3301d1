import type { Random } from "../../random";

/** A format's fields, for making encodings: bits of the exponent and of the significand without an implied bit. */
interface Fields {
  exponentBits: number;
  fractionBits: number;
}

const fields32: Fields = { exponentBits: 8, fractionBits: 23 };
const fields64: Fields = { exponentBits: 11, fractionBits: 52 };
/** The integer bit of the 80-bit format is put in separately. */
const fields80: Fields = { exponentBits: 15, fractionBits: 63 };

const bits = (random: Random, count: number): bigint =>
  BigInt.asUintN(count, (BigInt(random.u32()) << 32n) | BigInt(random.u32()));

/** A fraction: random, all zeros, all ones, sparse, or such that products and sums fall halfway. */
function fraction(random: Random, count: number): bigint {
  const ones = (1n << BigInt(count)) - 1n;
  switch (random.below(8)) {
    case 0:
      return 0n;
    case 1:
      return ones;
    case 2:
      return 1n << BigInt(random.below(count));
    case 3:
      return ones ^ (1n << BigInt(random.below(count)));
    case 4:
      return ((bits(random, count) >> BigInt(random.below(count))) << BigInt(random.below(count))) & ones;
    case 5:
      return bits(random, count) & ~((1n << BigInt(random.below(count))) - 1n);
    default:
      return bits(random, count);
  }
}

/** A biased exponent: the special ones, their neighbours, those of numbers near 1, any. */
function exponent(random: Random, { exponentBits, fractionBits }: Fields): bigint {
  const all = (1 << exponentBits) - 1;
  const bias = all >> 1;
  switch (random.below(8)) {
    case 0:
      return 0n;
    case 1:
      return BigInt(all);
    case 2:
      return BigInt(random.below(4));
    case 3:
      return BigInt(all - random.below(4));
    case 4:
    case 5:
      return BigInt(bias + random.below(2 * fractionBits) - fractionBits);
    case 6:
      return BigInt(bias + random.below(5) - 2);
    default:
      return BigInt(random.below(all + 1));
  }
}

function encoding(random: Random, fields: Fields): bigint {
  const sign = BigInt(random.below(2));
  const top = (sign << BigInt(fields.exponentBits)) | exponent(random, fields);
  return (top << BigInt(fields.fractionBits)) | fraction(random, fields.fractionBits);
}

/** A binary32 number, more often than not at some edge. */
export const random32 = (random: Random): number => Number(encoding(random, fields32));

/** A binary64 number, more often than not at some edge. */
export const random64 = (random: Random): bigint => encoding(random, fields64);

/** An 80-bit number: sometimes an encoding that only the 8087 made. */
export function random80(random: Random): bigint {
  if (random.chance(8)) {
    return narrow80(random);
  }
  const value = encoding(random, fields80);
  const signExponent = value >> 63n;
  const integerBit = random.chance(3) ? BigInt(random.below(2)) : (signExponent & 0x7fffn) === 0n ? 0n : 1n;
  return (signExponent << 64n) | (integerBit << 63n) | BigInt.asUintN(63, value);
}

/** A small integer, as the 80-bit format has it. */
function narrow80(random: Random): bigint {
  const magnitude = 1n + (bits(random, 63) >> BigInt(random.below(63)));
  const width = magnitude.toString(2).length;
  const sign = BigInt(random.below(2));
  return (sign << 79n) | (BigInt(16383 + width - 1) << 64n) | (magnitude << BigInt(64 - width));
}

/** An integer of `count` bits, of any length, in two's complement. */
export const randomInteger = (random: Random, count: number): bigint => {
  const value = bits(random, count) >> BigInt(random.below(count));
  return BigInt.asIntN(count, random.chance(50) ? value : -value);
};
