import { Register as IcedRegister, Mnemonic, OpKind } from "iced-x86";
import type { Value } from "../../ir";
import { conversions, integerConversions } from "../../sse/convert";
import { readMmx, requireMmx, touchMmx, writeMmx } from "../mmx";
import type { Lift } from "../operands";
import type { LiftFunction, LiftTable } from "../table";
import { inexact, rounded } from "./convert";
import { numbers } from "./numbers";
import { readLow, readVector, sse, xmmNumber } from "./operands";
import { roundsOtherwise } from "./ordinary";

/**
 * Two integers from an MMX register or memory, in both halves of a vector; null when the instruction always raises an
 * exception. Memory has nothing to do with the x87 unit. What has is in MMX state even if the conversion raises #XM.
 */
function readPair(lift: Lift): Value | null {
  const { b, instruction } = lift;
  if (lift.kind(1) === OpKind.Memory) {
    return b.pure("i64x2.splat", lift.read(1, 8));
  }
  if (!requireMmx(lift)) {
    return null;
  }
  touchMmx(lift);
  return b.pure("i64x2.splat", readMmx(lift, instruction.opRegister(1) - IcedRegister.MM0));
}

/** CVTPI2PD is exact. */
const pairToDoubles: LiftFunction = (lift) => {
  const pair = readPair(lift);
  if (pair !== null) {
    lift.b.setXmm(xmmNumber(lift, 0), lift.b.pure("f64x2.convert_low_i32x4_s", pair));
  }
};

/** CVTPI2PS: the upper half of the destination stays. */
const pairToSingles: LiftFunction = (lift) => {
  const pair = readPair(lift);
  if (pair !== null) {
    const { b } = lift;
    const register = xmmNumber(lift, 0);
    const old = b.xmm(register);
    const low = b.lane("i64x2.extract_lane", 0, b.pure("f32x4.convert_i32x4_s", pair));
    const slow = b.and(b.truth(roundsOtherwise(b)), inexact(b, pair, 4));
    const result = b.lane("i64x2.replace_lane", 0, old, low);
    b.setXmm(register, b.guarded(slow, result, conversions.pi2ps, [old, pair]));
  }
};

/** CVT(T)PS2PI and CVT(T)PD2PI: two numbers to an MMX register. */
const toPair =
  (suffix: "ps" | "pd", cut: boolean): LiftFunction =>
  (lift) => {
    if (!requireMmx(lift)) {
      return;
    }
    const { b } = lift;
    const source = suffix === "ps" ? b.pure("i64x2.splat", readLow(lift, 1, 8)) : readVector(lift, 1);
    touchMmx(lift);
    const { number, slow } = rounded(numbers[suffix], b, source, 4, cut);
    const integers = b.pure(suffix === "ps" ? "i32x4.trunc_sat_f32x4_s" : "i32x4.trunc_sat_f64x2_s_zero", number);
    const callout = integerConversions[suffix === "ps" ? "pi" : "pd"][cut ? "cut" : "rounded"];
    const result = b.guarded(slow, b.lane("i64x2.extract_lane", 0, integers), callout, [b.i32(0), source]);
    writeMmx(lift, lift.instruction.opRegister(0) - IcedRegister.MM0, result);
  };

const table: readonly (readonly [Mnemonic, LiftFunction])[] = [
  [Mnemonic.Cvtpi2pd, pairToDoubles],
  [Mnemonic.Cvtpi2ps, pairToSingles],
  [Mnemonic.Cvtps2pi, toPair("ps", false)],
  [Mnemonic.Cvttps2pi, toPair("ps", true)],
  [Mnemonic.Cvtpd2pi, toPair("pd", false)],
  [Mnemonic.Cvttpd2pi, toPair("pd", true)],
];

/** Conversions between two integers in an MMX register, or memory, and numbers in an XMM register. */
export const mmxConversions: LiftTable = table.map(([mnemonic, lift]) => [mnemonic, sse(lift)]);
