import { Register as IcedRegister, OpKind } from "iced-x86";
import { CodeMode } from "../../code-mode";
import type { Value } from "../../ir";
import { OPERAND_SIZE, StateOffset } from "../../state";
import type { Lift } from "../operands";
import { INVALID_OPCODE } from "../system";
import type { LiftFunction } from "../table";

const DEVICE_NOT_AVAILABLE = 7;
const GENERAL_PROTECTION = 13;

/** An SSE instruction: #UD when CR0.EM is set or CR4.OSFXSR is not, #NM when CR0.TS is (SDM 3A, "Providing Operating System Support for SSE"). */
export const sse =
  (execute: LiftFunction): LiftFunction =>
  (lift) => {
    const { b } = lift;
    if ((b.mode & CodeMode.emulate) !== 0 || (b.mode & CodeMode.sse) === 0) {
      b.raiseIf(b.i32(1), INVALID_OPCODE, null);
    } else if ((b.mode & CodeMode.taskSwitched) !== 0) {
      b.raiseIf(b.i32(1), DEVICE_NOT_AVAILABLE, null);
    } else {
      execute(lift);
    }
  };

export const isXmm = (lift: Lift, operand: number): boolean => {
  const register = lift.instruction.opRegister(operand);
  return lift.kind(operand) === OpKind.Register && register >= IcedRegister.XMM0 && register <= IcedRegister.XMM15;
};

/** Number of the XMM register that an operand is. */
export const xmmNumber = (lift: Lift, operand: number): number =>
  lift.instruction.opRegister(operand) - IcedRegister.XMM0;

/** An XMM register or 16 bytes of memory; memory that is not aligned raises #GP(0) unless the instruction allows it. */
export function readVector(lift: Lift, operand: number, aligned = true): Value {
  const { b } = lift;
  if (isXmm(lift, operand)) {
    return b.xmm(xmmNumber(lift, operand));
  }
  const address = lift.address(16);
  requireAligned(lift, address, aligned);
  return b.load(16, address, false, lift.throughStack);
}

/** The low 4 or 8 bytes of an XMM register, or as many of memory: an i32 or i64. */
export function readLow(lift: Lift, operand: number, size: 4 | 8): Value {
  const { b } = lift;
  if (isXmm(lift, operand)) {
    return b.lane(size === 8 ? "i64x2.extract_lane" : "i32x4.extract_lane", 0, b.xmm(xmmNumber(lift, operand)));
  }
  return b.load(size, lift.address(size), false, lift.throughStack);
}

/** A number in memory, an f32 or f64. */
export const loadNumber = (lift: Lift, size: 4 | 8): Value =>
  lift.b.loadAs(size === 8 ? "f64" : "f32", size, lift.address(size), false, lift.throughStack);

/** A vector of 4 or 8 bytes of memory, and zeros above. */
export const loadLow = (lift: Lift, size: 4 | 8): Value =>
  lift.b.loadAs("v128", size, lift.address(size), false, lift.throughStack);

export function writeVector(lift: Lift, operand: number, value: Value, aligned = true): void {
  const { b } = lift;
  if (isXmm(lift, operand)) {
    b.setXmm(xmmNumber(lift, operand), value);
    return;
  }
  const address = lift.address(16, true);
  requireAligned(lift, address, aligned);
  b.store(16, address, value, lift.throughStack);
}

/** Stores a value of 4 or 8 bytes to a memory operand. */
export function storeLow(lift: Lift, operand: number, size: 4 | 8, value: Value): void {
  if (!lift.isMemory(operand)) {
    throw new RangeError(`operand ${operand} is not in memory`);
  }
  lift.b.store(size, lift.address(size, true), value, lift.throughStack);
}

/** A vector with an i32 or i64 in its lowest lane and zeros above. */
export const zeroExtended = ({ b }: Lift, value: Value): Value =>
  b.lane(value.type === "i64" ? "i64x2.replace_lane" : "i32x4.replace_lane", 0, b.v128(0n), value);

/** A vector with its lowest lane replaced by an i32 or i64. */
export const withLow = ({ b }: Lift, vector: Value, value: Value): Value =>
  b.lane(value.type === "i64" ? "i64x2.replace_lane" : "i32x4.replace_lane", 0, vector, value);

/** What a callout makes of its operands: the vector that it leaves in the place of the first. */
export function call({ b }: Lift, callout: number, operands: readonly Value[]): Value {
  for (const [index, operand] of operands.entries()) {
    const offset = StateOffset.operand + index * OPERAND_SIZE;
    if (operand.type === "v128") {
      b.setField128(offset, operand);
    } else if (operand.type === "i64") {
      b.setField64(offset, operand);
    } else {
      b.setField32(offset, operand);
    }
  }
  b.callout(callout);
  return b.field128(StateOffset.operand);
}

function requireAligned({ b }: Lift, address: Value, aligned: boolean): void {
  if (aligned) {
    b.raiseIf(b.wrap(b.and(address, b.i64(15))), GENERAL_PROTECTION, 0);
  }
}
