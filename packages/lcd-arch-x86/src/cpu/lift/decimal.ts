import { Mnemonic } from "iced-x86";
import type { Value } from "../ir";
import { Gpr, Rflags } from "../state";
import { carryFlag } from "./conditions";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/** Decimal arithmetic, which 64-bit mode does not have (SDM 1, "Decimal Arithmetic Instructions"). */

const AL = { register: Gpr.rax, size: 1, high: false };
const AH = { register: Gpr.rax, size: 1, high: true };
const DIVIDE_ERROR = 0;

const auxiliaryCarry = ({ b }: Lift): Value => b.and(b.shrU(b.allFlags(), b.i32(4)), b.i32(1));

/** SF, ZF and PF of a byte, with CF and AF as given (0 or 1), OF 0. */
function setByteFlags({ b }: Lift, result: Value, carry: Value, auxiliary: Value): void {
  b.setFlags("logic", 1, result, null, result);
  const bits = b.and(b.allFlags(), b.i32(Rflags.SF | Rflags.ZF | Rflags.PF));
  b.setAllFlags(b.or(b.or(bits, carry), b.shl(auxiliary, b.i32(4))));
}

/** DAA and DAS: AL made two decimal digits again after an addition or subtraction (SDM 2A, "DAA", "DAS"). */
const adjustPacked =
  (subtract: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const old = lift.readGpr(AL);
    const carry = carryFlag(b);
    const low = b.or(b.ltU(b.i32(9), b.and(old, b.i32(15))), auxiliaryCarry(lift));
    const high = b.or(b.ltU(b.i32(0x99), old), carry);
    const by = b.add(b.select(low, b.i32(6), b.i32(0)), b.select(high, b.i32(0x60), b.i32(0)));
    const result = b.clean(subtract ? b.sub(old, by) : b.add(old, by), 1);
    // A borrow of the first step alone sets CF of DAS, too.
    const borrow = subtract ? b.and(low, b.ltU(old, b.i32(6))) : b.i32(0);
    lift.writeGpr(AL, result);
    setByteFlags(lift, result, b.or(high, borrow), low);
  };

/** AAA and AAS: AL made one decimal digit, the carry into AH. SF, ZF, PF and OF are undefined. */
const adjustUnpacked =
  (subtract: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const old = lift.gpr(Gpr.rax, 2);
    const adjust = b.or(b.ltU(b.i32(9), b.and(old, b.i32(15))), auxiliaryCarry(lift));
    const by = b.select(adjust, b.i32(0x106), b.i32(0));
    const moved = b.clean(subtract ? b.sub(old, by) : b.add(old, by), 2);
    lift.setGpr(Gpr.rax, 2, b.and(moved, b.i32(0xff0f)));
    setByteFlags(lift, b.and(moved, b.i32(15)), adjust, adjust);
  };

/** AAM: AL divided by the immediate, quotient to AH, remainder to AL. */
const adjustAfterMultiply = (lift: Lift): void => {
  const { b } = lift;
  const base = Number(lift.immediate(0)) & 0xff;
  if (base === 0) {
    b.raiseIf(b.i32(1), DIVIDE_ERROR, null);
    return;
  }
  const old = b.extendU(lift.readGpr(AL));
  const quotient = b.wrap(b.pure("i64.div_u", old, b.i64(base)));
  const remainder = b.wrap(b.pure("i64.rem_u", old, b.i64(base)));
  lift.setGpr(Gpr.rax, 2, b.or(b.shl(quotient, b.i32(8)), remainder));
  b.setFlags("logic", 1, remainder, null, remainder);
};

/** AAD: AL becomes AL + AH times the immediate, AH becomes 0. */
const adjustBeforeDivide = (lift: Lift): void => {
  const { b } = lift;
  const base = b.i32(Number(lift.immediate(0)) & 0xff);
  const result = b.clean(b.add(lift.readGpr(AL), b.mul(lift.readGpr(AH), base)), 1);
  lift.setGpr(Gpr.rax, 2, result);
  b.setFlags("logic", 1, result, null, result);
};

/** SALC: AL filled with CF. */
const setFromCarry = (lift: Lift): void => {
  const { b } = lift;
  lift.writeGpr(AL, b.clean(b.sub(b.i32(0), carryFlag(b)), 1));
};

export const decimalArithmetic: LiftTable = [
  [Mnemonic.Daa, adjustPacked(false)],
  [Mnemonic.Das, adjustPacked(true)],
  [Mnemonic.Aaa, adjustUnpacked(false)],
  [Mnemonic.Aas, adjustUnpacked(true)],
  [Mnemonic.Aam, adjustAfterMultiply],
  [Mnemonic.Aad, adjustBeforeDivide],
  [Mnemonic.Salc, setFromCarry],
];
