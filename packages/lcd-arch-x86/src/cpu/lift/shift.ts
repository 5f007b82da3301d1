import { Mnemonic, OpKind } from "iced-x86";
import type { Value } from "../ir";
import { Gpr } from "../state";
import { carryFlag, signBit } from "./conditions";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/**
 * The count of a shift or rotate: masked to 5 bits, 6 for 64-bit operands, as an i32. `constant` is its value when the
 * instruction holds it.
 */
interface Count {
  value: Value;
  constant: number | null;
}

function readCount(lift: Lift, operand: number, size: number): Count {
  const mask = size === 8 ? 63 : 31;
  if (lift.kind(operand) === OpKind.Register) {
    return { value: lift.b.and(lift.gpr(Gpr.rcx, 1), lift.b.i32(mask)), constant: null };
  }
  const constant = Number(lift.immediate(operand)) & mask;
  return { value: lift.b.i32(constant), constant };
}

/** A count in CL may be 0, which leaves all flags alone. */
function updateFlags({ b }: Lift, { value, constant }: Count, update: () => void): void {
  if (constant === null) {
    b.keepFlagsUnless(value, update);
  } else {
    update();
  }
}

/** Result and the flags CF and OF (i32, 0 or 1) of a shift by a count that is not 0. */
interface Shifted {
  result: Value;
  carry: Value;
  overflow: Value;
}

type Shift = (lift: Lift, size: number, value: Value, count: Value) => Shifted;

/** A count in the type of the value it is applied to. */
const countFor = ({ b }: Lift, value: Value, count: Value): Value => (value.type === "i64" ? b.extendU(count) : count);

/** Bit `index` (in the value's type) of a value, as an i32. */
const bitAt = ({ b }: Lift, value: Value, index: Value): Value => b.and(b.wrap(b.shrU(value, index)), b.i32(1));

/** SHL: CF is the last bit shifted out; OF tells, for a count of 1, that the sign changed. */
const shiftLeft: Shift = (lift, size, value, count) => {
  const { b } = lift;
  const by = countFor(lift, value, count);
  const bits = size * 8;
  if (size < 4) {
    const wide = b.shl(value, by);
    const carry = b.and(b.shrU(wide, b.i32(bits)), b.i32(1));
    const result = b.clean(wide, size);
    return { result, carry, overflow: b.xor(signBit(b, result, size), carry) };
  }
  const result = b.shl(value, by);
  const carry = bitAt(lift, value, b.sub(b.constant(value.type, bits), by));
  return { result, carry, overflow: b.xor(signBit(b, result, size), carry) };
};

/** SHR: CF is the last bit shifted out; OF, for a count of 1, is the sign that was. */
const shiftRight: Shift = (lift, size, value, count) => {
  const { b } = lift;
  const by = countFor(lift, value, count);
  const carry = bitAt(lift, value, b.sub(by, b.constant(value.type, 1)));
  return { result: b.shrU(value, by), carry, overflow: signBit(b, value, size) };
};

/** SAR: fills with the sign; OF is 0. */
const shiftRightSigned: Shift = (lift, size, value, count) => {
  const { b } = lift;
  const signed = b.signExtend(value, size);
  const by = countFor(lift, value, count);
  const carry = bitAt(lift, b.shrS(signed, b.sub(by, b.constant(value.type, 1))), b.constant(value.type, 0));
  return { result: b.clean(b.shrS(signed, by), size), carry, overflow: b.i32(0) };
};

const shift =
  (compute: Shift) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const value = lift.read(0, size, true);
    const count = readCount(lift, 1, size);
    if (count.constant === 0) {
      lift.write(0, value);
      return;
    }
    const { result, carry, overflow } = compute(lift, size, value, count.value);
    lift.write(0, result);
    const setFlags = (): void => b.setFlags("result", size, result, b.or(carry, b.shl(overflow, b.i32(11))), result);
    updateFlags(lift, count, setFlags);
  };

/** ROL and ROR change CF and OF only, and nothing when the masked count is 0 (SDM 2B, "RCL/RCR/ROL/ROR"). */
const rotate =
  (left: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const bits = size * 8;
    const value = lift.read(0, size, true);
    const count = readCount(lift, 1, size);
    if (count.constant === 0) {
      lift.write(0, value);
      return;
    }
    let result: Value;
    if (size >= 4) {
      const by = countFor(lift, value, count.value);
      result = left ? b.rotl(value, by) : b.rotr(value, by);
    } else {
      // Two copies side by side make a rotate of a narrow value a shift.
      const twice = b.or(value, b.shl(value, b.i32(bits)));
      const by = b.and(count.value, b.i32(bits - 1));
      const moved = left ? b.shrU(twice, b.and(b.sub(b.i32(bits), by), b.i32(bits - 1))) : b.shrU(twice, by);
      result = b.clean(moved, size);
    }
    lift.write(0, result);
    const top = signBit(b, result, size);
    const low = b.wrap(b.and(result, b.constant(result.type, 1)));
    const next = bitAt(lift, result, b.constant(result.type, bits - 2));
    const carry = left ? low : top;
    const overflow = left ? b.xor(top, low) : b.xor(top, next);
    updateFlags(lift, count, () => b.overrideFlags(carry, overflow));
  };

/** RCL and RCR rotate through CF: a value of `bits` + 1 bits, whose count is taken modulo that for 8 and 16 bits. */
const rotateThroughCarry =
  (left: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const bits = size * 8;
    const value = lift.read(0, size, true);
    const { value: masked } = readCount(lift, 1, size);
    const carryIn = carryFlag(b);
    const count = size < 4 ? narrowCount(lift, masked, bits + 1) : masked;
    let result: Value;
    let carry: Value;
    if (size < 8) {
      // Up to 33 bits: rotate inside an i64. CF is bit `bits`.
      const whole = b.or(b.extendU(value), b.shl(b.extendU(carryIn), b.i64(bits)));
      const by = b.extendU(count);
      const back = b.sub(b.i64(bits + 1), by);
      const turned = left ? b.or(b.shl(whole, by), b.shrU(whole, back)) : b.or(b.shrU(whole, by), b.shl(whole, back));
      result = b.clean(b.wrap(turned), size);
      carry = bitAt(lift, turned, b.i64(bits));
    } else {
      const by = b.extendU(count);
      const cf = b.extendU(carryIn);
      const less = b.sub(by, b.i64(1));
      const back = b.sub(b.i64(64), by);
      // The bits that pass through CF come back behind it: one place less, so the shift is split in two to reach 64.
      const passed = left ? b.shrU(b.shrU(value, b.i64(1)), back) : b.shl(b.shl(value, b.i64(1)), back);
      const moved = left ? b.shl(value, by) : b.shrU(value, by);
      const cfAt = left ? b.shl(cf, less) : b.shl(cf, back);
      const turned = b.or(b.or(moved, cfAt), passed);
      const out = left ? bitAt(lift, value, back) : bitAt(lift, value, less);
      result = b.select(count, turned, value);
      carry = b.select(count, out, carryIn);
    }
    lift.write(0, result);
    const top = signBit(b, result, size);
    const next = bitAt(lift, result, b.constant(result.type, bits - 2));
    const overflow = left ? b.xor(top, carry) : b.xor(top, next);
    b.keepFlagsUnless(masked, () => b.overrideFlags(carry, overflow));
  };

/** A count of 0 to 31 modulo 9 or 17. */
function narrowCount({ b }: Lift, count: Value, modulus: number): Value {
  const quotient = b.shrU(b.mul(count, b.i32(Math.ceil(1024 / modulus))), b.i32(10));
  return b.sub(count, b.mul(quotient, b.i32(modulus)));
}

/** SHLD and SHRD: shifts the first operand and fills from the second. */
const doubleShift =
  (left: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const bits = size * 8;
    const value = lift.read(0, size, true);
    const source = lift.read(1, size);
    const count = readCount(lift, 2, size);
    if (count.constant === 0) {
      lift.write(0, value);
      return;
    }
    let result: Value;
    let carry: Value;
    if (size === 8) {
      const by = b.extendU(count.value);
      const back = b.sub(b.i64(63), by);
      const filled = left
        ? b.or(b.shl(value, by), b.shrU(b.shrU(source, b.i64(1)), back))
        : b.or(b.shrU(value, by), b.shl(b.shl(source, b.i64(1)), back));
      result = b.select(count.value, filled, value);
      carry = left ? bitAt(lift, value, b.sub(b.i64(64), by)) : bitAt(lift, value, b.sub(by, b.i64(1)));
    } else {
      const by = b.extendU(count.value);
      const high = b.extendU(left ? value : source);
      const low = b.extendU(left ? source : value);
      // Counts above 16 leave a 16-bit result undefined.
      const both = b.or(b.shl(high, b.i64(bits)), low);
      const moved = left ? b.shrU(b.shl(both, by), b.i64(bits)) : b.shrU(both, by);
      result = b.clean(b.wrap(moved), size);
      carry = left
        ? bitAt(lift, value, b.sub(b.i32(bits), count.value))
        : bitAt(lift, value, b.sub(count.value, b.i32(1)));
    }
    lift.write(0, result);
    const overflow = b.xor(signBit(b, result, size), signBit(b, value, size));
    const setFlags = (): void => b.setFlags("result", size, result, b.or(carry, b.shl(overflow, b.i32(11))), result);
    updateFlags(lift, count, setFlags);
  };

export const shifts: LiftTable = [
  [Mnemonic.Shl, shift(shiftLeft)],
  [Mnemonic.Sal, shift(shiftLeft)],
  [Mnemonic.Shr, shift(shiftRight)],
  [Mnemonic.Sar, shift(shiftRightSigned)],
  [Mnemonic.Rol, rotate(true)],
  [Mnemonic.Ror, rotate(false)],
  [Mnemonic.Rcl, rotateThroughCarry(true)],
  [Mnemonic.Rcr, rotateThroughCarry(false)],
  [Mnemonic.Shld, doubleShift(true)],
  [Mnemonic.Shrd, doubleShift(false)],
];
