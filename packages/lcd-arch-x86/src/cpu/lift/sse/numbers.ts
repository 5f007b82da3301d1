import type { PureOperation, Value } from "../../ir";
import type { Suffix } from "../../sse/arithmetic";
import type { BlockBuilder } from "../builder";

/**
 * Floating-point numbers in IR: one as an f32 or f64, or a vector of them. A test of one number is 0 or 1, a test of a
 * vector is a mask for each lane; either is called a truth here.
 */
export interface Numbers {
  readonly suffix: Suffix;
  /** Bytes of a number. */
  readonly size: 4 | 8;
  readonly scalar: boolean;
  /** Type of a number's bits. */
  readonly bits: "i32" | "i64";
  /** A floating-point operation by its name without a type. */
  float(b: BlockBuilder, name: FloatName, ...operands: Value[]): Value;
  /** A number, in all lanes. */
  constant(b: BlockBuilder, value: number): Value;
  both(b: BlockBuilder, x: Value, y: Value): Value;
  either(b: BlockBuilder, x: Value, y: Value): Value;
  /** Whether a truth holds in all lanes: an i32. */
  all(b: BlockBuilder, truth: Value): Value;
  /** Whether none of the numbers is denormal: an i32. */
  noneDenormal(b: BlockBuilder, ...numbers: Value[]): Value;
  /** Whether a result is normal and not the smallest, or zero because one of `zeros` is: an i32. */
  normalOrZeroFrom(b: BlockBuilder, result: Value, zeros: readonly Value[]): Value;
}

type Arithmetic = "abs" | "sqrt" | "add" | "sub" | "mul" | "div";
type Comparison = "eq" | "ne" | "lt" | "gt" | "le" | "ge";
/** To an integer, in one of four directions. */
export type RoundingName = "nearest" | "floor" | "ceil" | "trunc";
export type FloatName = Arithmetic | Comparison | RoundingName;

/** Smallest normal numbers, which are the bounds of denormal and tiny ones. */
const minNormal = { 4: 2 ** -126, 8: 2 ** -1022 } as const;

/**
 * The bits that are left of a number when its sign is shifted out, 1 subtracted, and the fraction shifted out as well:
 * of a denormal number none, but some of a normal one, and of zero, which is -1 by then.
 */
const BELOW_EXPONENT = { 4: 24, 8: 53 } as const;

/**
 * Bits of normal numbers above the smallest, which can come of rounding a tiny one up; the sign is shifted out: the least,
 * and how many patterns there are from it on.
 */
const NORMAL = {
  4: { least: (1n << 24n) + 1n, count: (0xffn << 24n) - (1n << 24n) - 1n },
  8: { least: (1n << 53n) + 1n, count: (0x7ffn << 53n) - (1n << 53n) - 1n },
} as const;

const view = new DataView(new ArrayBuffer(8));

function encode(size: 4 | 8, value: number): bigint {
  if (size === 4) {
    view.setFloat32(0, value);
    return BigInt(view.getUint32(0));
  }
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** An f32 or f64 with the bits of an i32 or i64, and the other way. */
export const asFloat = (b: BlockBuilder, bits: Value): Value =>
  bits.type === "i32" ? b.pure("f32.reinterpret_i32", bits) : b.pure("f64.reinterpret_i64", bits);
export const asBits = (b: BlockBuilder, number: Value): Value =>
  number.type === "f32" ? b.pure("i32.reinterpret_f32", number) : b.pure("i64.reinterpret_f64", number);

const one = (suffix: "ss" | "sd", size: 4 | 8, float: "f32" | "f64"): Numbers => ({
  suffix,
  size,
  scalar: true,
  bits: size === 4 ? "i32" : "i64",
  float: (b, name, ...operands) => b.pure(`${float}.${name}` as PureOperation, ...operands),
  constant: (b, value) => asFloat(b, size === 4 ? b.i32(Number(encode(4, value))) : b.i64(encode(8, value))),
  both: (b, x, y) => b.and(x, y),
  either: (b, x, y) => b.or(x, y),
  all: (_, truth) => truth,
  noneDenormal: (b, ...numbers) => {
    const parts = numbers.map((number) => {
      const bits = asBits(b, number);
      const rest = b.sub(b.add(bits, bits), b.constant(bits.type, 1));
      return b.shrU(rest, b.constant(bits.type, BELOW_EXPONENT[size]));
    });
    // Few parts of 11 bits: their product is 0 only if one of them is.
    return b.truth(parts.reduce((product, part) => b.mul(product, part)));
  },
  normalOrZeroFrom: (b, result, zeros) => {
    const withoutSign = (number: Value): Value => {
      const bits = asBits(b, number);
      return b.add(bits, bits);
    };
    const magnitude = withoutSign(result);
    const { least, count } = NORMAL[size];
    const bound = (value: bigint): Value => (size === 4 ? b.i32(Number(value)) : b.i64(value));
    const normal = b.ltU(b.sub(magnitude, bound(least)), bound(count));
    const fromZero = zeros.map((zero) => b.eqz(withoutSign(zero))).reduce((a, c) => b.or(a, c));
    return b.or(normal, b.and(b.eqz(magnitude), fromZero));
  },
});

const vector = (suffix: "ps" | "pd", size: 4 | 8, float: "f32x4" | "f64x2", integer: "i32x4" | "i64x2"): Numbers => {
  const everywhere = (b: BlockBuilder, bits: bigint): Value =>
    b.v128(size === 4 ? bits * 0x1_0000_0001_0000_0001_0000_0001n : bits * 0x1_0000_0000_0000_0001n);
  return {
    suffix,
    size,
    scalar: false,
    bits: size === 4 ? "i32" : "i64",
    float: (b, name, ...operands) => b.pure(`${float}.${name}`, ...operands),
    constant: (b, value) => everywhere(b, encode(size, value)),
    both: (b, x, y) => b.pure("v128.and", x, y),
    either: (b, x, y) => b.pure("v128.or", x, y),
    all: (b, truth) => b.pure(`${integer}.all_true`, truth),
    noneDenormal: (b, ...numbers) => {
      const ones = everywhere(b, BigInt.asUintN(size * 8, -1n));
      const parts = numbers.map((number) => {
        const rest = b.pure(`${integer}.add`, b.pure(`${integer}.add`, number, number), ones);
        return b.pure(`${integer}.shr_u`, rest, b.i32(BELOW_EXPONENT[size]));
      });
      // Upper halves of quadwords are 0: doublewords will do to find the least parts.
      return b.pure(
        `${integer}.all_true`,
        parts.reduce((least, part) => b.pure("i32x4.min_u", least, part)),
      );
    },
    normalOrZeroFrom: (b, result, zeros) => {
      const magnitude = b.pure(`${float}.abs`, result);
      const constant = (value: number): Value => everywhere(b, encode(size, value));
      const finite = b.pure(`${float}.lt`, magnitude, constant(Number.POSITIVE_INFINITY));
      const large = b.pure(`${float}.gt`, magnitude, constant(minNormal[size]));
      const fromZero = zeros
        .map((zero) => b.pure(`${float}.eq`, zero, constant(0)))
        .reduce((a, c) => b.pure("v128.or", a, c));
      const inRange = b.pure("v128.and", finite, b.pure("v128.or", large, fromZero));
      return b.pure(`${integer}.all_true`, inRange);
    },
  };
};

export const numbers: Readonly<Record<Suffix, Numbers>> = {
  ss: one("ss", 4, "f32"),
  sd: one("sd", 8, "f64"),
  ps: vector("ps", 4, "f32x4", "i32x4"),
  pd: vector("pd", 8, "f64x2", "i64x2"),
};
