import { Mnemonic, OpKind } from "iced-x86";
import type { Value } from "../ir";
import { Rflags } from "../state";
import { gprOperand, type Lift } from "./operands";
import type { LiftTable } from "./table";

type BitUpdate = (lift: Lift, value: Value, mask: Value) => Value;

/**
 * BT, BTS, BTR, BTC: CF is the chosen bit. With a register offset a memory operand is a bit string of any length: the
 * offset, signed, also moves the address (SDM 2A, "BT").
 */
const bitTest =
  (update: BitUpdate | null) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const bits = size * 8;
    const memory = lift.isMemory(0);
    const registerOffset = lift.kind(1) === OpKind.Register;
    const offset = registerOffset
      ? lift.read(1, size)
      : b.constant(size === 8 ? "i64" : "i32", Number(lift.immediate(1)) & (bits - 1));
    let address: Value | null = null;
    if (memory) {
      let effective = lift.effectiveAddress();
      if (registerOffset) {
        const signed = b.extendS(b.signExtend(offset, size));
        const units = b.shrS(signed, b.i64(Math.log2(bits)));
        const moved = b.add(effective, b.shl(units, b.i64(Math.log2(size))));
        effective = lift.within(moved, lift.addressSize);
      }
      address = lift.segmented(effective, lift.instruction.memorySegment, size, update !== null);
    }
    const value = address === null ? lift.read(0, size) : b.load(size, address, update !== null, lift.throughStack);
    const index = b.and(offset, b.constant(offset.type, bits - 1));
    const carry = b.and(b.wrap(b.shrU(value, index)), b.i32(1));
    if (update !== null) {
      const result = b.clean(update(lift, value, b.shl(b.constant(value.type, 1), index)), size);
      if (address === null) {
        lift.write(0, result);
      } else {
        b.store(size, address, result, lift.throughStack);
      }
    }
    b.overrideFlags(carry);
  };

/** BSF and BSR: a source of 0 sets ZF and leaves the destination alone, as processors do; other flags are undefined. */
const bitScan =
  (reverse: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const source = lift.read(1, size);
    const width = size === 8 ? 63 : 31;
    const found = reverse ? b.sub(b.constant(source.type, width), b.clz(source)) : b.ctz(source);
    const nonZero = b.truth(source);
    const old = lift.read(0, size);
    if (size === 4) {
      // When nothing is found even the upper half stays.
      const whole = lift.gpr(destination(lift), 8);
      lift.b.setRegister(destination(lift), b.select(nonZero, b.extendU(found), whole));
    } else {
      lift.write(0, b.select(nonZero, found, old));
    }
    b.setFlags("result", size, source, b.i32(0), source);
  };

const destination = (lift: Lift): number => gprOperand(lift.instruction.opRegister(0)).register;

/** TZCNT and LZCNT: CF when the source is 0, ZF when the result is. */
const countZeros =
  (leading: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const source = lift.read(1, size);
    let result: Value;
    if (size === 2) {
      result = leading ? b.sub(b.clz(source), b.i32(16)) : b.ctz(b.or(source, b.i32(0x10000)));
    } else {
      result = leading ? b.clz(source) : b.ctz(source);
    }
    lift.write(0, result);
    b.setFlags("result", size, result, b.eqz(source), result);
  };

const popcnt = (lift: Lift): void => {
  const { b } = lift;
  const size = lift.size(0);
  const source = lift.read(1, size);
  lift.write(0, b.popcnt(source));
  b.setAllFlags(b.shl(b.eqz(source), b.i32(Math.log2(Rflags.ZF))));
};

export const bitOperations: LiftTable = [
  [Mnemonic.Bt, bitTest(null)],
  [Mnemonic.Bts, bitTest(({ b }, value, mask) => b.or(value, mask))],
  [Mnemonic.Btr, bitTest(({ b }, value, mask) => b.and(value, b.not(mask)))],
  [Mnemonic.Btc, bitTest(({ b }, value, mask) => b.xor(value, mask))],
  [Mnemonic.Bsf, bitScan(false)],
  [Mnemonic.Bsr, bitScan(true)],
  [Mnemonic.Tzcnt, countZeros(false)],
  [Mnemonic.Lzcnt, countZeros(true)],
  [Mnemonic.Popcnt, popcnt],
];
