import { Code, type Register as IcedRegister, MemorySize, Mnemonic, OpKind } from "iced-x86";
import { codeBytes } from "../code-mode";
import { Vector } from "../exception";
import type { Value } from "../ir";
import { Segment, StateOffset } from "../state";
import { moveSystemRegister, stopForSystem } from "./data";
import { gprOperand, type Lift, segmentNumber } from "./operands";
import type { LiftFunction, LiftTable } from "./table";

/*
 * Instructions that segmentation and the IDT decide about. What they read from their operands is loaded here, into
 * `slowValue`; the rest is done by `cpu/segmentation/` and `cpu/interrupt/`.
 */

const SELECTOR_SIZE = 2;

/** Puts values of at most 64 bits where system operations find them. */
function hand({ b }: Lift, ...values: readonly Value[]): void {
  values.forEach((value, index) => {
    b.setField64(StateOffset.slowValue + index * 8, b.extendU(value));
  });
}

/** Bytes of the offset in a far pointer in memory. */
const pointerSizes: ReadonlyMap<MemorySize, number> = new Map([
  [MemorySize.SegPtr16, 2],
  [MemorySize.SegPtr32, 4],
  [MemorySize.SegPtr64, 8],
]);

/** Loads a far pointer from memory: its offset, then its selector. @returns bytes of the offset */
function handFarPointer(lift: Lift): number {
  const { b } = lift;
  const size = pointerSizes.get(lift.instruction.memorySize) ?? 4;
  const address = lift.address(size + SELECTOR_SIZE, false, size);
  const behind = lift.behind(address, size);
  const offset = b.load(size, address, false, lift.throughStack);
  const selector = b.load(SELECTOR_SIZE, behind, false, lift.throughStack);
  hand(lift, offset, selector);
  return size;
}

/** A far JMP or CALL: through a pointer in the instruction or in memory; the operand size goes along. */
const farTransfer =
  (operation: "farJump" | "farCall"): LiftFunction =>
  (lift) => {
    const { b, instruction } = lift;
    if (lift.isMemory(0)) {
      stopForSystem(lift, operation, [handFarPointer(lift)]);
      return;
    }
    hand(lift, b.i32(instruction.farBranchOffset), b.i32(instruction.farBranchSelector));
    stopForSystem(lift, operation, [lift.kind(0) === OpKind.FarBranch16 ? 2 : 4]);
  };

const farJump = farTransfer("farJump");
const farCall = farTransfer("farCall");

/** JMP or CALL, which is near or far. */
export const nearOrFar =
  (near: LiftFunction, far: LiftFunction): LiftFunction =>
  (lift) =>
    (lift.instruction.isFar ? far : near)(lift);

export { farCall, farJump };

const returnSizes: ReadonlyMap<Code, number> = new Map([
  [Code.Retfw, 2],
  [Code.Retfw_imm16, 2],
  [Code.Retfq, 8],
  [Code.Retfq_imm16, 8],
]);

/** RET far: operand size, and bytes to release. */
const farReturn: LiftFunction = (lift) => {
  const release = lift.operandCount === 0 ? 0 : Number(lift.immediate(0));
  stopForSystem(lift, "farReturn", [returnSizes.get(lift.instruction.code) ?? 4, release]);
};

const stop =
  (operation: string, ...operands: readonly number[]): LiftFunction =>
  (lift) =>
    stopForSystem(lift, operation, operands);

/** BOUND: #BR unless the signed index lies within the two bounds in memory. */
const bound: LiftFunction = (lift) => {
  const { b } = lift;
  const size = lift.size(0);
  const address = lift.address(2 * size, false, size);
  const signed = (value: Value): Value => b.signExtend(value, size);
  const index = signed(lift.read(0, size));
  const lower = signed(b.load(size, address, false, lift.throughStack));
  const behind = lift.behind(address, size);
  const upper = signed(b.load(size, behind, false, lift.throughStack));
  b.raiseIf(b.or(b.ltS(index, lower), b.ltS(upper, index)), Vector.boundRange, null);
};

/** LDS, LES, LFS, LGS and LSS. */
const loadFarPointer =
  (segment: number): LiftFunction =>
  (lift) => {
    const { register, size } = gprOperand(lift.instruction.opRegister(0));
    handFarPointer(lift);
    stopForSystem(lift, "loadFarPointer", [segment, register, size]);
  };

/** Bytes that a push or pop moves. */
const stackSize = (lift: Lift): number => Math.abs(lift.instruction.stackPointerIncrement);

/** In 16-bit code PUSHF may be that of virtual-8086 mode. */
export const pushFlagsOr =
  (inline: LiftFunction): LiftFunction =>
  (lift) =>
    codeBytes(lift.b.mode) === 2 ? stopForSystem(lift, "pushFlags", [stackSize(lift)]) : inline(lift);

/** Instructions with general-purpose registers, or none. */
export const farInstructions: LiftTable = [
  [Mnemonic.Retf, farReturn],
  [Mnemonic.Iret, stop("interruptReturn", 2)],
  [Mnemonic.Iretd, stop("interruptReturn", 4)],
  [Mnemonic.Iretq, stop("interruptReturn", 8)],
  [Mnemonic.Int, (lift) => stopForSystem(lift, "interrupt", [Number(lift.immediate(0))])],
  [Mnemonic.Int3, stop("softwareException", Vector.breakpoint)],
  [Mnemonic.Int1, stop("softwareException", Vector.debug)],
  [Mnemonic.Into, stop("interruptOnOverflow")],
  [Mnemonic.Bound, bound],
  [Mnemonic.Lds, loadFarPointer(Segment.ds)],
  [Mnemonic.Les, loadFarPointer(Segment.es)],
  [Mnemonic.Lfs, loadFarPointer(Segment.fs)],
  [Mnemonic.Lgs, loadFarPointer(Segment.gs)],
  [Mnemonic.Lss, loadFarPointer(Segment.ss)],
  [Mnemonic.Syscall, stop("syscall")],
  [Mnemonic.Sysret, stop("sysret", 4)],
  [Mnemonic.Sysretq, stop("sysret", 8)],
  [Mnemonic.Sysenter, stop("sysenter")],
  [Mnemonic.Sysexit, stop("sysexit", 4)],
  [Mnemonic.Sysexitq, stop("sysexit", 8)],
  [Mnemonic.Swapgs, stop("swapgs")],
];

const isSegment = (register: IcedRegister): boolean => segmentNumber(register) >= 0 && segmentNumber(register) < 6;

/** PUSH of a segment register: the selector, zero-extended. */
const pushSegment: LiftFunction = (lift) => {
  const { b, instruction } = lift;
  const size = stackSize(lift);
  const selector = b.field32(StateOffset.segmentSelector + 4 * segmentNumber(instruction.opRegister(0)));
  const top = lift.stackPointer(-size);
  lift.storeToStack(size, top, size === 8 ? b.extendU(selector) : selector);
  lift.setStackPointer(top);
};

/** POP to a segment register. */
const popSegment: LiftFunction = (lift) => {
  const size = stackSize(lift);
  hand(lift, lift.loadFromStack(size, lift.stackPointer()));
  stopForSystem(lift, "popSegment", [segmentNumber(lift.instruction.opRegister(0)), size]);
};

/** MOV to a segment register, or with another special one. */
const move: LiftFunction = (lift) => {
  const { instruction } = lift;
  const register = lift.kind(0) === OpKind.Register ? instruction.opRegister(0) : 0;
  if (!isSegment(register)) {
    moveSystemRegister(lift);
    return;
  }
  const source = lift.isMemory(1)
    ? lift.read(1, SELECTOR_SIZE)
    : lift.gpr(gprOperand(instruction.opRegister(1)).register, SELECTOR_SIZE);
  hand(lift, source);
  stopForSystem(lift, "loadSegment", [segmentNumber(register)]);
};

/** Instructions with a segment, control or debug register. */
export const systemRegisterMoves: LiftTable = [
  [Mnemonic.Mov, move],
  [Mnemonic.Push, pushSegment],
  [Mnemonic.Pop, popSegment],
];
