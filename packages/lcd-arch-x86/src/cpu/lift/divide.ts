import { Mnemonic } from "iced-x86";
import type { Value } from "../ir";
import { Gpr } from "../state";
import { widen } from "./arithmetic";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/** Vector of the divide error: a divisor of 0, or a quotient that does not fit (SDM 2A, "DIV", "IDIV"). */
const DIVIDE_ERROR = 0;

/** DIV and IDIV of 1, 2 and 4 bytes: the dividend fits in an i64. */
function divideNarrow(lift: Lift, size: number, signed: boolean): void {
  const { b } = lift;
  const divisor = widen(lift, lift.read(0, size), size, signed);
  const bits = size * 8;
  const low = size === 1 ? lift.gpr(Gpr.rax, 2) : lift.gpr(Gpr.rax, size);
  let dividend: Value;
  if (size === 1) {
    dividend = widen(lift, low, 2, signed);
  } else {
    const both = b.or(b.shl(b.extendU(lift.gpr(Gpr.rdx, size)), b.i64(bits)), b.extendU(low));
    dividend = size === 2 && signed ? b.signExtend(both, 4) : both;
  }
  b.raiseIf(b.eqz(divisor), DIVIDE_ERROR, null);
  if (signed && size === 4) {
    const extremes = b.and(b.eq(dividend, b.i64(-(1n << 63n))), b.eq(divisor, b.i64(-1)));
    b.raiseIf(extremes, DIVIDE_ERROR, null);
  }
  const quotient = b.pure(signed ? "i64.div_s" : "i64.div_u", dividend, divisor);
  const remainder = b.sub(dividend, b.mul(quotient, divisor));
  const fitting = b.clean(b.wrap(quotient), size);
  b.raiseIf(b.ne(quotient, widen(lift, fitting, size, signed)), DIVIDE_ERROR, null);
  const rest = b.clean(b.wrap(remainder), size);
  if (size === 1) {
    lift.setGpr(Gpr.rax, 2, b.or(fitting, b.shl(rest, b.i32(8))));
  } else {
    lift.setGpr(Gpr.rax, size, fitting);
    lift.setGpr(Gpr.rdx, size, rest);
  }
}

/** DIV and IDIV of RDX:RAX: on magnitudes, the signs put back afterwards. */
function divideWide(lift: Lift, signed: boolean): void {
  const { b } = lift;
  const divisor = lift.read(0, 8);
  const low = lift.gpr(Gpr.rax, 8);
  const high = lift.gpr(Gpr.rdx, 8);
  const zero = b.i64(0);
  const negative = signed ? b.ltS(high, zero) : null;
  const negativeDivisor = signed ? b.ltS(divisor, zero) : null;
  const negate = (condition: Value | null, value: Value): Value =>
    condition === null ? value : b.select(condition, b.sub(zero, value), value);
  const magnitudeLow = negate(negative, low);
  const magnitudeHigh = negative === null ? high : b.select(negative, b.add(b.not(high), b.extendU(b.eqz(low))), high);
  const magnitudeDivisor = negate(negativeDivisor, divisor);
  b.raiseIf(b.leU(magnitudeDivisor, magnitudeHigh), DIVIDE_ERROR, null);
  const quotient = b.runtime("divideUnsigned", magnitudeHigh, magnitudeLow, magnitudeDivisor);
  // It is less than the divisor, so its low 64 bits, which need no more than those of the others, are all of it.
  const remainder = b.sub(magnitudeLow, b.mul(quotient, magnitudeDivisor));
  if (negative === null || negativeDivisor === null) {
    b.setRegister(Gpr.rax, quotient);
    b.setRegister(Gpr.rdx, remainder);
    return;
  }
  const opposite = b.xor(negative, negativeDivisor);
  const limit = b.add(b.i64((1n << 63n) - 1n), b.extendU(opposite));
  b.raiseIf(b.ltU(limit, quotient), DIVIDE_ERROR, null);
  b.setRegister(Gpr.rax, negate(opposite, quotient));
  b.setRegister(Gpr.rdx, negate(negative, remainder));
}

const divide =
  (signed: boolean) =>
  (lift: Lift): void => {
    const size = lift.size(0);
    if (size === 8) {
      divideWide(lift, signed);
    } else {
      divideNarrow(lift, size, signed);
    }
  };

export const division: LiftTable = [
  [Mnemonic.Div, divide(false)],
  [Mnemonic.Idiv, divide(true)],
];
