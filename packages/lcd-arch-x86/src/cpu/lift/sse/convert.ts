import { Mnemonic } from "iced-x86";
import type { PureOperation, Value } from "../../ir";
import { conversions, integerConversions } from "../../sse/convert";
import type { BlockBuilder } from "../builder";
import type { Lift } from "../operands";
import type { LiftFunction, LiftTable } from "../table";
import { intoRegister, ofRegister, readFloat } from "./floats";
import { type Numbers, numbers } from "./numbers";
import { readLow, readVector, sse, xmmNumber } from "./operands";
import { isZero, roundsOtherwise, valid } from "./ordinary";

/** Integers of so many bits and a sign are numbers of a format, each of them exactly: 24 and 53 with the hidden bit. */
const exactBits = { 4: 24, 8: 53 } as const;

/** Whether an integer is too large to be exact, or, in a vector of doublewords, any: an i32. */
export function inexact(b: BlockBuilder, integer: Value, size: 4 | 8): Value {
  const limit = 2 ** exactBits[size];
  if (integer.type === "v128") {
    const moved = b.pure("i32x4.add", integer, b.pure("i32x4.splat", b.i32(limit)));
    return b.eqz(b.pure("i32x4.all_true", b.pure("i32x4.le_u", moved, b.pure("i32x4.splat", b.i32(2 * limit)))));
  }
  const { type } = integer;
  return b.ltU(b.constant(type, 2 * limit), b.add(integer, b.constant(type, limit)));
}

/** CVTSI2SS and CVTSI2SD: from 32 or 64 bits. */
const fromInteger =
  (suffix: "ss" | "sd"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const register = xmmNumber(lift, 0);
    const size = lift.size(1);
    const integer = lift.read(1, size);
    const old = b.xmm(register);
    const number = b.pure(`f${n.size * 8}.convert_${integer.type}_s` as PureOperation, integer);
    const result = intoRegister(lift, n, old, number);
    if (n.size > size) {
      b.setXmm(register, result);
      return;
    }
    const { si2ss, si64ToSs, si64ToSd } = conversions;
    const callout = suffix === "sd" ? si64ToSd : size === 4 ? si2ss : si64ToSs;
    const slow = b.and(b.truth(roundsOtherwise(b)), inexact(b, integer, n.size));
    b.setXmm(register, b.guarded(slow, result, callout, [old, integer]));
  };

/** The most that an integer of 32 or 64 bits does not reach, as a number. */
const integerBound = { 4: 2 ** 31, 8: 2 ** 63 } as const;

/** Numbers that a conversion cuts off, or rounds to nearest before; and an i32: whether it might not do to do so. */
export function rounded(
  n: Numbers,
  b: BlockBuilder,
  x: Value,
  size: 4 | 8,
  cut: boolean,
): { number: Value; slow: Value } {
  const number = cut ? x : n.float(b, "nearest", x);
  const within = n.float(b, "lt", n.float(b, "abs", number), n.constant(b, integerBound[size]));
  return { number, slow: b.or(roundsOtherwise(b), b.eqz(n.all(b, within))) };
}

/** CVT(T)SS2SI and CVT(T)SD2SI: to 32 or 64 bits. */
const toInteger =
  (suffix: "ss" | "sd", cut: boolean): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const size = lift.size(0) === 8 ? 8 : 4;
    const source = readFloat(lift, n, 1);
    const { number, slow } = rounded(n, b, source.value, size, cut);
    const integer = b.pure(`i${size * 8}.trunc_sat_f${n.size * 8}_s` as PureOperation, number);
    const callout = integerConversions[suffix][size][cut ? "cut" : "rounded"];
    // The callout's source is its second operand.
    lift.write(0, b.guarded(slow, integer, callout, [b.i32(0), source.whole]));
  };

/** CVT(T)PS2DQ and CVT(T)PD2DQ: two integers leave zeros above them. */
const toIntegers =
  (suffix: "ps" | "pd", cut: boolean): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const source = readVector(lift, 1);
    const { number, slow } = rounded(n, b, source, 4, cut);
    const integers = b.pure(suffix === "ps" ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f64x2_s_zero", number);
    const callout = integerConversions[suffix][cut ? "cut" : "rounded"];
    b.setXmm(xmmNumber(lift, 0), b.guarded(slow, integers, callout, [b.i32(0), source]));
  };

/** The lower half of an XMM register, or 8 bytes of memory, in both halves of a vector. */
const lowerTwice = (lift: Lift): Value => lift.b.pure("i64x2.splat", readLow(lift, 1, 8));

const integersToDoubles: LiftFunction = (lift) => {
  const { b } = lift;
  b.setXmm(xmmNumber(lift, 0), b.pure("f64x2.convert_low_i32x4_s", lowerTwice(lift)));
};

const integersToSingles: LiftFunction = (lift) => {
  const { b } = lift;
  const source = readVector(lift, 1);
  const slow = b.and(b.truth(roundsOtherwise(b)), inexact(b, source, 4));
  const result = b.pure("f32x4.convert_i32x4_s", source);
  b.setXmm(xmmNumber(lift, 0), b.guarded(slow, result, conversions.dq2ps, [b.i32(0), source]));
};

/** CVTSS2SD is exact. */
const singleToDouble: LiftFunction = (lift) => {
  const { b } = lift;
  const register = xmmNumber(lift, 0);
  const source = readFloat(lift, numbers.ss, 1);
  const old = b.xmm(register);
  const result = b.lane("f64x2.replace_lane", 0, old, b.pure("f64.promote_f32", source.value));
  const slow = b.eqz(valid(numbers.ss, b, source.value));
  b.setXmm(register, b.guarded(slow, result, conversions.ss2sd, [old, source.whole]));
};

const singlesToDoubles: LiftFunction = (lift) => {
  const { b } = lift;
  const source = lowerTwice(lift);
  const slow = b.eqz(valid(numbers.ps, b, source));
  const result = b.pure("f64x2.promote_low_f32x4", source);
  b.setXmm(xmmNumber(lift, 0), b.guarded(slow, result, conversions.ps2pd, [b.i32(0), source]));
};

/** Between these a double is neither tiny nor too large for single precision. */
const LEAST_SINGLE = 2 ** -126;
const GREATEST_SINGLE = (2 - 2 ** -23) * 2 ** 127;

/** Whether doubles might not become singles as ordinarily as WebAssembly does it: an i32. */
function narrowsOtherwise(n: Numbers, b: BlockBuilder, x: Value): Value {
  const magnitude = n.float(b, "abs", x);
  const above = n.float(b, "ge", magnitude, n.constant(b, LEAST_SINGLE));
  const below = n.float(b, "le", magnitude, n.constant(b, GREATEST_SINGLE));
  const fits = n.either(b, n.both(b, above, below), isZero(n, b, x));
  return b.or(roundsOtherwise(b), b.eqz(n.all(b, fits)));
}

const doubleToSingle: LiftFunction = (lift) => {
  const { b } = lift;
  const register = xmmNumber(lift, 0);
  const source = readFloat(lift, numbers.sd, 1);
  const { whole } = ofRegister(lift, numbers.ss, register);
  const result = b.lane("f32x4.replace_lane", 0, whole, b.pure("f32.demote_f64", source.value));
  const slow = narrowsOtherwise(numbers.sd, b, source.value);
  b.setXmm(register, b.guarded(slow, result, conversions.sd2ss, [whole, source.whole]));
};

const doublesToSingles: LiftFunction = (lift) => {
  const { b } = lift;
  const source = readVector(lift, 1);
  const slow = narrowsOtherwise(numbers.pd, b, source);
  const result = b.pure("f32x4.demote_f64x2_zero", source);
  b.setXmm(xmmNumber(lift, 0), b.guarded(slow, result, conversions.pd2ps, [b.i32(0), source]));
};

/** To integers: with a number from memory these have no XMM register. */
const toGeneral: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Cvtss2si, toInteger("ss", false)],
  [Mnemonic.Cvttss2si, toInteger("ss", true)],
  [Mnemonic.Cvtsd2si, toInteger("sd", false)],
  [Mnemonic.Cvttsd2si, toInteger("sd", true)],
];

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  ...toGeneral,
  [Mnemonic.Cvtsi2ss, fromInteger("ss")],
  [Mnemonic.Cvtsi2sd, fromInteger("sd")],
  [Mnemonic.Cvtps2dq, toIntegers("ps", false)],
  [Mnemonic.Cvttps2dq, toIntegers("ps", true)],
  [Mnemonic.Cvtpd2dq, toIntegers("pd", false)],
  [Mnemonic.Cvttpd2dq, toIntegers("pd", true)],
  [Mnemonic.Cvtdq2pd, integersToDoubles],
  [Mnemonic.Cvtdq2ps, integersToSingles],
  [Mnemonic.Cvtss2sd, singleToDouble],
  [Mnemonic.Cvtps2pd, singlesToDoubles],
  [Mnemonic.Cvtsd2ss, doubleToSingle],
  [Mnemonic.Cvtpd2ps, doublesToSingles],
];

const checked = ([mnemonic, lift]: readonly [Mnemonic, LiftFunction]): LiftTable[number] => [mnemonic, sse(lift)];

/** Conversions on XMM registers. */
export const sseConversions: LiftTable = table.map(checked);
export const sseConversionsToGeneral: LiftTable = toGeneral.map(checked);
