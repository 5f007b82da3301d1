import { Mnemonic, OpKind } from "iced-x86";
import { CodeMode } from "../code-mode";
import type { Value } from "../ir";
import { Gpr } from "../state";
import { carryFlag, condition } from "./conditions";
import type { Lift } from "./operands";
import { INVALID_OPCODE } from "./system";
import type { LiftFunction, LiftTable } from "./table";

/** BMI1, BMI2 and ADX. Flags that are undefined after them are those of a logical operation. */

/**
 * With a VEX prefix, which real-address and virtual-8086 mode do not have. The decoder has seen to the rest: VEX.L, VEX.vvvv
 * that is not used, and other prefixes (SDM 2A, "Exception Conditions for VEX-Encoded GPR Instructions").
 */
const vex =
  (meaning: LiftFunction): LiftFunction =>
  (lift) => {
    if ((lift.b.mode & CodeMode.protected) === 0) {
      raiseUndefined(lift);
    } else {
      meaning(lift);
    }
  };

const raiseUndefined = ({ b }: Lift): void => b.raiseIf(b.i32(1), INVALID_OPCODE, null);

const bitsOf = (value: Value): 32 | 64 => (value.type === "i64" ? 64 : 32);

/** Writes a result to operand 0; ZF and SF are its, CF is given, OF is 0. */
function finish(lift: Lift, result: Value, carry: Value): void {
  lift.write(0, result);
  lift.b.setFlags("result", lift.size(0), result, carry, result);
}

const andn: LiftFunction = (lift) => {
  const { b } = lift;
  const size = lift.size(0);
  const inverted = b.not(lift.read(1, size));
  const result = b.and(inverted, lift.read(2, size));
  lift.write(0, result);
  b.setFlags("logic", size, result, null, result);
};

/** BLSI, BLSMSK and BLSR: on the lowest bit that is set; `less` is the source minus 1. */
const lowestSet =
  (compute: (lift: Lift, source: Value, less: Value) => Value, carryWhenZero: boolean): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const source = lift.read(1, lift.size(0));
    const result = compute(lift, source, b.sub(source, b.constant(source.type, 1)));
    finish(lift, result, carryWhenZero ? b.eqz(source) : b.truth(source));
  };

/** Byte `index` of a value, in its type. */
const byteOf = ({ b }: Lift, value: Value, index: 0 | 1): Value =>
  b.and(b.shrU(value, b.constant(value.type, 8 * index)), b.constant(value.type, 0xff));

/** A value without the bits from `index` on; all of it when there are none. */
function bitsBelow({ b }: Lift, value: Value, index: Value): Value {
  const ones = b.constant(value.type, -1);
  const kept = b.and(value, b.not(b.shl(ones, index)));
  return b.select(b.ltU(index, b.constant(value.type, bitsOf(value))), kept, value);
}

/** BEXTR: a field of operand 1, from the bit that byte 0 of operand 2 names, as long as byte 1 says. AMD's has an immediate. */
const extractField: LiftFunction = (lift) => {
  const { b } = lift;
  if (lift.kind(2) !== OpKind.Register) {
    raiseUndefined(lift);
    return;
  }
  const size = lift.size(0);
  const source = lift.read(1, size);
  const control = lift.read(2, size);
  const start = byteOf(lift, control, 0);
  const inside = b.ltU(start, b.constant(source.type, bitsOf(source)));
  const field = b.select(inside, b.shrU(source, start), b.constant(source.type, 0));
  finish(lift, bitsBelow(lift, field, byteOf(lift, control, 1)), b.i32(0));
};

/** BZHI: CF tells that the index is beyond the operand. */
const zeroHigh: LiftFunction = (lift) => {
  const { b } = lift;
  const size = lift.size(0);
  const source = lift.read(1, size);
  const index = byteOf(lift, lift.read(2, size), 0);
  finish(lift, bitsBelow(lift, source, index), b.ltU(b.constant(source.type, bitsOf(source) - 1), index));
};

/** MULX: RDX times operand 2; the low half to operand 1, then the high half to operand 0, which may be the same. */
const multiply: LiftFunction = (lift) => {
  const { b } = lift;
  const size = lift.size(0);
  const left = lift.gpr(Gpr.rdx, size);
  const right = lift.read(2, size);
  if (size === 8) {
    const high = b.runtime("multiplyHighUnsigned", left, right);
    lift.write(1, b.mul(left, right));
    lift.write(0, high);
  } else {
    const product = b.mul(b.extendU(left), b.extendU(right));
    lift.write(1, b.wrap(product));
    lift.write(0, b.wrap(b.shrU(product, b.i64(32))));
  }
};

/** PDEP and PEXT: operand 1 through the mask of operand 2. */
const throughMask =
  (operation: "depositBits" | "extractBits"): LiftFunction =>
  (lift) => {
    const { b } = lift;
    const size = lift.size(0);
    const source = b.extendU(lift.read(1, size));
    const mask = b.extendU(lift.read(2, size));
    lift.write(0, b.wrapTo(b.runtime(operation, source, mask), size));
  };

/** RORX, SARX, SHLX and SHRX: operand 1 moved by operand 2, without flags. WebAssembly masks the count as they do. */
const shift =
  (compute: (lift: Lift, value: Value, count: Value) => Value): LiftFunction =>
  (lift) => {
    const size = lift.size(0);
    const value = lift.read(1, size);
    lift.write(0, compute(lift, value, lift.read(2, size)));
  };

/** The sum of operands 0 and 1 and a carry, an i32; and the carry out. */
function addWithCarry(lift: Lift, carryIn: Value): { sum: Value; carry: Value } {
  const { b } = lift;
  const size = lift.size(0);
  const left = lift.read(0, size);
  const right = lift.read(1, size);
  const carry = b.extendU(carryIn);
  if (size === 4) {
    const wide = b.add(b.add(b.extendU(left), b.extendU(right)), carry);
    return { sum: b.wrap(wide), carry: b.wrap(b.shrU(wide, b.i64(32))) };
  }
  const part = b.add(left, right);
  const sum = b.add(part, carry);
  return { sum, carry: b.or(b.ltU(part, left), b.ltU(sum, part)) };
}

/** Lets two chains of carries go on side by side without asking for the flags in between. */
function knowFlags({ b }: Lift): void {
  if (b.flags === null) {
    b.setAllFlags(b.allFlags());
  }
}

/** ADCX: a chain of carries through CF alone. */
const addThroughCarry: LiftFunction = (lift) => {
  knowFlags(lift);
  const { sum, carry } = addWithCarry(lift, carryFlag(lift.b));
  lift.write(0, sum);
  lift.b.overrideFlags(carry);
};

const OVERFLOW_CONDITION = 0;

/** ADOX: the same through OF. */
const addThroughOverflow: LiftFunction = (lift) => {
  const { b } = lift;
  knowFlags(lift);
  const kept = carryFlag(b);
  const { sum, carry } = addWithCarry(lift, condition(b, OVERFLOW_CONDITION));
  lift.write(0, sum);
  b.overrideFlags(kept, carry);
};

/** SDM 2A, 2B. */
export const bitManipulation: LiftTable = [
  [Mnemonic.Adcx, addThroughCarry],
  [Mnemonic.Adox, addThroughOverflow],
  [Mnemonic.Andn, vex(andn)],
  [Mnemonic.Bextr, vex(extractField)],
  [Mnemonic.Blsi, vex(lowestSet(({ b }, source) => b.and(source, b.sub(b.constant(source.type, 0), source)), false))],
  [Mnemonic.Blsmsk, vex(lowestSet(({ b }, source, less) => b.xor(source, less), true))],
  [Mnemonic.Blsr, vex(lowestSet(({ b }, source, less) => b.and(source, less), true))],
  [Mnemonic.Bzhi, vex(zeroHigh)],
  [Mnemonic.Mulx, vex(multiply)],
  [Mnemonic.Pdep, vex(throughMask("depositBits"))],
  [Mnemonic.Pext, vex(throughMask("extractBits"))],
  [Mnemonic.Rorx, vex(shift(({ b }, value, count) => b.rotr(value, count)))],
  [Mnemonic.Sarx, vex(shift(({ b }, value, count) => b.shrS(value, count)))],
  [Mnemonic.Shlx, vex(shift(({ b }, value, count) => b.shl(value, count)))],
  [Mnemonic.Shrx, vex(shift(({ b }, value, count) => b.shrU(value, count)))],
];
