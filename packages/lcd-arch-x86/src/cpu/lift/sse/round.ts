import { Mnemonic } from "iced-x86";
import type { Value } from "../../ir";
import { arithmetic, ROUND_AS_MXCSR, ROUND_QUIETLY, type Suffix } from "../../sse/arithmetic";
import type { BlockBuilder } from "../builder";
import type { LiftFunction, LiftTable } from "../table";
import { intoRegister, ofRegister, readFloat } from "./floats";
import { numbers, type RoundingName } from "./numbers";
import { isXmm, readLow, readVector, sse, withLow, xmmNumber, zeroExtended } from "./operands";
import { roundsOtherwise, valid } from "./ordinary";

/** Directions by number, as ROUNDxx's immediate and MXCSR have them. */
const directions: readonly RoundingName[] = ["nearest", "floor", "ceil", "trunc"];

/** ROUNDxx: to an integer of the same format. */
const round =
  (suffix: Suffix): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const n = numbers[suffix];
    const register = xmmNumber(lift, 0);
    const source = readFloat(lift, n, 1);
    const immediate = Number(lift.immediate(2));
    const asMxcsr = (immediate & ROUND_AS_MXCSR) !== 0;
    const result = n.float(b, directions[asMxcsr ? 0 : immediate & 3], source.value);
    const invalid = b.eqz(valid(n, b, source.value));
    const free = !asMxcsr && (immediate & ROUND_QUIETLY) !== 0;
    const slow = free ? invalid : b.or(roundsOtherwise(b), invalid);
    const { whole } = ofRegister(lift, n, register);
    const operands = [whole, source.whole, b.i32(immediate)];
    b.setXmm(register, b.guarded(slow, intoRegister(lift, n, whole, result), arithmetic.round[suffix], operands));
  };

/** Fields of a number in single precision, in all lanes. */
const everywhere = (bits: bigint): bigint => bits * 0x1_0000_0001_0000_0001_0000_0001n;
const EXPONENT = everywhere(0x7f800000n);
const BELOW_SIGN = everywhere(0x7fffffffn);
const QUIET = everywhere(0x00400000n);
const DEFAULT_NAN = everywhere(0xffc00000n);

/** Zero with the same sign in the place of denormal numbers. */
function flushed(b: BlockBuilder, x: Value): Value {
  const small = b.pure("i32x4.eq", b.pure("v128.and", x, b.v128(EXPONENT)), b.v128(0n));
  return b.pure("v128.andnot", x, b.pure("v128.and", small, b.v128(BELOW_SIGN)));
}

/**
 * RCPxS and RSQRTxS: to within 1.5 * 2^-12, here as exactly as singles can be. Denormal operands and results are zeros
 * whatever MXCSR says, and no exception is ever reported (SDM 2B, "RCPPS", "RSQRTPS").
 */
const approximate =
  (suffix: "ss" | "ps", root: boolean): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const register = xmmNumber(lift, 0);
    const x = suffix === "ps" || isXmm(lift, 1) ? readVector(lift, 1) : zeroExtended(lift, readLow(lift, 1, 4));
    const operand = flushed(b, x);
    const quotient = b.pure("f32x4.div", numbers.ps.constant(b, 1), root ? b.pure("f32x4.sqrt", operand) : operand);
    const negative = b.pure("f32x4.lt", operand, b.v128(0n));
    const result = root ? b.pure("v128.bitselect", b.v128(DEFAULT_NAN), quotient, negative) : flushed(b, quotient);
    const quiet = b.pure("v128.or", x, b.v128(QUIET));
    const all = b.pure("v128.bitselect", quiet, result, b.pure("f32x4.ne", x, x));
    const low = suffix === "ss" ? withLow(lift, b.xmm(register), b.lane("i32x4.extract_lane", 0, all)) : all;
    b.setXmm(register, low);
  };

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Roundss, round("ss")],
  [Mnemonic.Roundsd, round("sd")],
  [Mnemonic.Roundps, round("ps")],
  [Mnemonic.Roundpd, round("pd")],
  [Mnemonic.Rcpss, approximate("ss", false)],
  [Mnemonic.Rcpps, approximate("ps", false)],
  [Mnemonic.Rsqrtss, approximate("ss", true)],
  [Mnemonic.Rsqrtps, approximate("ps", true)],
];

/** Rounding to integers, and approximations. */
export const sseRounding: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
