import { Mnemonic } from "iced-x86";
import type { Value } from "../ir";
import { Gpr } from "../state";
import { carryFlag } from "./conditions";
import type { Lift } from "./operands";
import type { LiftTable } from "./table";

/**
 * What an instruction computes: its result, and the setting of flags, which comes after the result has been written:
 * a store that faults has to find the flags as they were.
 */
export interface Outcome {
  result: Value;
  setFlags: () => void;
}

/** ADD, and the sum of XADD. */
export function addition({ b }: Lift, size: number, left: Value, right: Value): Outcome {
  const result = b.clean(b.add(left, right), size);
  return { result, setFlags: () => b.setFlags("add", size, result, right, result) };
}

/** SUB, and NEG as a subtraction from 0. */
export function subtraction({ b }: Lift, size: number, left: Value, right: Value): Outcome {
  const result = b.clean(b.sub(left, right), size);
  return { result, setFlags: () => b.setFlags("subtract", size, result, right, result, { left }) };
}

/** CMP: sets flags only. */
export function liftCompare({ b }: Lift, size: number, left: Value, right: Value): void {
  b.setFlags("compare", size, left, right, b.clean(b.sub(left, right), size));
}

/** AND, OR, XOR, TEST: CF and OF cleared, AF (undefined) cleared. */
const logic = ({ b }: Lift, size: number, result: Value): Outcome => ({
  result,
  setFlags: () => b.setFlags("logic", size, result, null, result),
});

const withCarry =
  (subtract: boolean) =>
  ({ b }: Lift, size: number, left: Value, right: Value): Outcome => {
    const carryIn = carryFlag(b);
    const carry = left.type === "i64" ? b.extendU(carryIn) : carryIn;
    const wide = subtract ? b.sub(b.sub(left, right), carry) : b.add(b.add(left, right), carry);
    const result = b.clean(wide, size);
    const kind = subtract ? "subtractBorrow" : "addCarry";
    return { result, setFlags: () => b.setFlags(kind, size, result, right, result, { carryIn }) };
  };

/** A two-operand instruction that replaces its first operand. */
const binary =
  (compute: (lift: Lift, size: number, left: Value, right: Value) => Outcome) =>
  (lift: Lift): void => {
    const size = lift.size(0);
    const left = lift.read(0, size, true);
    const { result, setFlags } = compute(lift, size, left, lift.read(1, size));
    lift.write(0, result);
    setFlags();
  };

/** A one-operand instruction that replaces its operand. */
const unary =
  (compute: (lift: Lift, size: number, value: Value) => Outcome) =>
  (lift: Lift): void => {
    const size = lift.size(0);
    const { result, setFlags } = compute(lift, size, lift.read(0, size, true));
    lift.write(0, result);
    setFlags();
  };

/** INC and DEC keep CF. */
const step =
  (kind: "increment" | "decrement") =>
  ({ b }: Lift, size: number, value: Value): Outcome => {
    const carry = carryFlag(b);
    const one = b.constant(value.type, 1);
    const result = b.clean(kind === "increment" ? b.add(value, one) : b.sub(value, one), size);
    return { result, setFlags: () => b.setFlags(kind, size, result, null, result, { carry }) };
  };

/** Sign- or zero-extends to 64 bits. */
export const widen = ({ b }: Lift, value: Value, size: number, signed: boolean): Value =>
  value.type === "i64" ? value : signed ? b.extendS(b.signExtend(value, size)) : b.extendU(value);

/** MUL and one-operand IMUL: RDX:RAX, or the halves of their size, from RAX and the operand (SDM 2A, "IMUL", "MUL"). */
const multiplyWide =
  (signed: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = lift.size(0);
    const right = lift.read(0, size);
    const left = lift.gpr(Gpr.rax, size);
    let low: Value;
    let overflow: Value;
    if (size === 8) {
      low = b.mul(left, right);
      const high = b.runtime(signed ? "multiplyHighSigned" : "multiplyHighUnsigned", left, right);
      overflow = signed ? b.ne(high, b.shrS(low, b.i64(63))) : b.truth(high);
      b.setRegister(Gpr.rax, low);
      b.setRegister(Gpr.rdx, high);
    } else {
      const product = b.mul(widen(lift, left, size, signed), widen(lift, right, size, signed));
      low = b.clean(b.wrap(product), size);
      overflow = b.ne(product, widen(lift, low, size, signed));
      if (size === 1) {
        lift.setGpr(Gpr.rax, 2, b.wrap(product));
      } else {
        lift.setGpr(Gpr.rax, size, low);
        lift.setGpr(Gpr.rdx, size, b.clean(b.wrap(b.shrU(product, b.i64(size * 8))), size));
      }
    }
    setProductFlags(lift, size, low, overflow);
  };

/** After a multiplication CF and OF tell whether the product fits; the others are undefined, here those of the low half. */
function setProductFlags({ b }: Lift, size: number, low: Value, overflow: Value): void {
  b.setFlags("result", size, low, b.or(overflow, b.shl(overflow, b.i32(11))), low);
}

const imul = (lift: Lift): void => {
  if (lift.operandCount === 1) {
    multiplyWide(true)(lift);
    return;
  }
  const { b } = lift;
  const size = lift.size(0);
  const left = lift.read(lift.operandCount === 2 ? 0 : 1, size);
  const right = lift.read(lift.operandCount === 2 ? 1 : 2, size);
  let low: Value;
  let overflow: Value;
  if (size === 8) {
    low = b.mul(left, right);
    overflow = b.ne(b.runtime("multiplyHighSigned", left, right), b.shrS(low, b.i64(63)));
  } else {
    const product = b.mul(widen(lift, left, size, true), widen(lift, right, size, true));
    low = b.clean(b.wrap(product), size);
    overflow = b.ne(product, widen(lift, low, size, true));
  }
  lift.write(0, low);
  setProductFlags(lift, size, low, overflow);
};

/** XADD of a register with itself leaves the sum: the destination is written last. */
const xadd = (lift: Lift): void => {
  const size = lift.size(0);
  const destination = lift.read(0, size, true);
  const source = lift.read(1, size);
  const { result, setFlags } = addition(lift, size, destination, source);
  if (lift.isMemory(0)) {
    lift.write(0, result);
    lift.write(1, destination);
  } else {
    lift.write(1, destination);
    lift.write(0, result);
  }
  setFlags();
};

const extend =
  (signed: boolean) =>
  (lift: Lift): void => {
    const { b } = lift;
    const from = lift.size(1);
    const to = lift.size(0);
    const value = lift.read(1, from);
    const extended = signed && from < to ? b.signExtend(value, from) : value;
    if (to === 8) {
      lift.write(0, signed ? b.extendS(extended) : b.extendU(extended));
    } else {
      lift.write(0, b.clean(b.wrap(extended), to));
    }
  };

/** CBW, CWDE, CDQE: RAX from its lower half. */
const widenAccumulator =
  (to: number) =>
  (lift: Lift): void => {
    const { b } = lift;
    const value = b.signExtend(lift.gpr(Gpr.rax, to / 2), to / 2);
    lift.setGpr(Gpr.rax, to, to === 8 ? b.extendS(value) : b.clean(value, to));
  };

/** CWD, CDQ, CQO: RDX filled with RAX's sign. */
const signToRdx =
  (size: number) =>
  (lift: Lift): void => {
    const { b } = lift;
    const value = b.signExtend(lift.gpr(Gpr.rax, size), size);
    const sign = b.shrS(value, b.constant(value.type, size === 8 ? 63 : 31));
    lift.setGpr(Gpr.rdx, size, b.clean(sign, size));
  };

export const arithmetic: LiftTable = [
  [Mnemonic.Add, binary(addition)],
  [Mnemonic.Sub, binary(subtraction)],
  [Mnemonic.And, binary((lift, size, left, right) => logic(lift, size, lift.b.and(left, right)))],
  [Mnemonic.Or, binary((lift, size, left, right) => logic(lift, size, lift.b.or(left, right)))],
  [Mnemonic.Xor, binary((lift, size, left, right) => logic(lift, size, lift.b.xor(left, right)))],
  [Mnemonic.Adc, binary(withCarry(false))],
  [Mnemonic.Sbb, binary(withCarry(true))],
  [Mnemonic.Inc, unary(step("increment"))],
  [Mnemonic.Dec, unary(step("decrement"))],
  [Mnemonic.Neg, unary((lift, size, value) => subtraction(lift, size, lift.b.constant(value.type, 0), value))],
  [
    Mnemonic.Not,
    (lift) => {
      const size = lift.size(0);
      lift.write(0, lift.b.clean(lift.b.not(lift.read(0, size, true)), size));
    },
  ],
  [
    Mnemonic.Cmp,
    (lift) => {
      const size = lift.size(0);
      liftCompare(lift, size, lift.read(0, size), lift.read(1, size));
    },
  ],
  [
    Mnemonic.Test,
    (lift) => {
      const size = lift.size(0);
      logic(lift, size, lift.b.and(lift.read(0, size), lift.read(1, size))).setFlags();
    },
  ],
  [Mnemonic.Mul, multiplyWide(false)],
  [Mnemonic.Imul, imul],
  [Mnemonic.Xadd, xadd],
  [Mnemonic.Movzx, extend(false)],
  [Mnemonic.Movsx, extend(true)],
  [Mnemonic.Movsxd, extend(true)],
  [Mnemonic.Cbw, widenAccumulator(2)],
  [Mnemonic.Cwde, widenAccumulator(4)],
  [Mnemonic.Cdqe, widenAccumulator(8)],
  [Mnemonic.Cwd, signToRdx(2)],
  [Mnemonic.Cdq, signToRdx(4)],
  [Mnemonic.Cqo, signToRdx(8)],
];
