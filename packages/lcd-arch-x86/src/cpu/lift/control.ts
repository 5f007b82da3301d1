import { Code, Register as IcedRegister, Mnemonic, OpKind } from "iced-x86";
import { CodeMode, codeBytes } from "../code-mode";
import type { Value } from "../ir";
import { ARITHMETIC_FLAGS, Gpr, Rflags, StateOffset } from "../state";
import { condition } from "./conditions";
import { stopForSystem } from "./data";
import { farCall, farJump, nearOrFar, pushFlagsOr } from "./far";
import { gprOperand, type Lift } from "./operands";
import type { LiftTable } from "./table";

const GENERAL_PROTECTION = 13;

/** A near jump goes to a canonical address, outside 64-bit mode to one within the limit of CS, or raises #GP(0) where it is. */
function checkTarget(lift: Lift, target: Value): void {
  const { b } = lift;
  const { mode, limit } = b.context;
  if (codeBytes(mode) === 8) {
    b.raiseIf(lift.outsideCanonical(target), GENERAL_PROTECTION, 0);
  } else if (limit < 0xffffffff) {
    b.raiseIf(b.ltU(b.i64(limit), target), GENERAL_PROTECTION, 0);
  }
}

/** As `checkTarget`, for a jump to a known place that is taken when `taken` is not 0. */
function checkKnownTarget({ b, instruction }: Lift, taken: Value): void {
  const target = instruction.nearBranchTarget;
  const { mode, limit } = b.context;
  const bits = (mode & CodeMode.linear57) !== 0 ? 57 : 48;
  const allowed =
    codeBytes(mode) === 8 ? BigInt.asUintN(64, BigInt.asIntN(bits, target)) === target : target <= BigInt(limit);
  if (!allowed) {
    b.raiseIf(taken, GENERAL_PROTECTION, 0);
  }
}

const directKinds = new Set<OpKind>([OpKind.NearBranch16, OpKind.NearBranch32, OpKind.NearBranch64]);

const isDirect = (lift: Lift): boolean => directKinds.has(lift.kind(0));

/** Stores a value under the stack pointer; the caller sets rSP afterwards. Returns the new rSP. */
function storeBelowStack(lift: Lift, size: number, value: Value): Value {
  const top = lift.stackPointer(-size);
  lift.storeToStack(size, top, value);
  return top;
}

/** The target of an indirect jump or call, an i64. */
function readTarget(lift: Lift): Value {
  const target = lift.b.extendU(lift.read(0, lift.size(0)));
  checkTarget(lift, target);
  return target;
}

const jump = (lift: Lift): void => {
  const { b, instruction } = lift;
  if (isDirect(lift)) {
    checkKnownTarget(lift, b.i32(1));
    b.terminator = { kind: "jump", target: instruction.nearBranchTarget };
    return;
  }
  b.terminator = { kind: "indirect", target: readTarget(lift), from: b.currentRip };
};

const call = (lift: Lift): void => {
  const { b, instruction } = lift;
  const target = isDirect(lift) ? null : readTarget(lift);
  if (target === null) {
    checkKnownTarget(lift, b.i32(1));
  }
  const size = stackSize(lift);
  lift.setStackPointer(storeBelowStack(lift, size, b.wrapTo(b.i64(b.nextRip), size)));
  b.terminator =
    target === null
      ? { kind: "jump", target: instruction.nearBranchTarget }
      : { kind: "indirect", target, from: b.currentRip };
};

const narrowReturns: ReadonlySet<Code> = new Set([Code.Retnw, Code.Retnw_imm16]);
const wideReturns: ReadonlySet<Code> = new Set([Code.Retnq, Code.Retnq_imm16]);

const ret = (lift: Lift): void => {
  const { b, instruction } = lift;
  const size = wideReturns.has(instruction.code) ? 8 : narrowReturns.has(instruction.code) ? 2 : 4;
  const target = b.extendU(lift.loadFromStack(size, lift.stackPointer()));
  checkTarget(lift, target);
  const extra = lift.operandCount === 0 ? 0 : Number(lift.immediate(0));
  lift.setStackPointer(lift.stackPointer(size + extra));
  b.terminator = { kind: "indirect", target, from: null };
};

const branch =
  (test: (lift: Lift) => Value) =>
  (lift: Lift): void => {
    const { b, instruction } = lift;
    const condition = test(lift);
    checkKnownTarget(lift, condition);
    b.terminator = { kind: "branch", condition, taken: instruction.nearBranchTarget, next: b.nextRip };
  };

/** LOOPs by the size of their count, which is the address size. */
const countSizes: ReadonlyMap<Code, number> = new Map([
  [Code.Loop_rel8_16_CX, 2],
  [Code.Loop_rel8_32_CX, 2],
  [Code.Loope_rel8_16_CX, 2],
  [Code.Loope_rel8_32_CX, 2],
  [Code.Loopne_rel8_16_CX, 2],
  [Code.Loopne_rel8_32_CX, 2],
  [Code.Loop_rel8_16_RCX, 8],
  [Code.Loop_rel8_64_RCX, 8],
  [Code.Loope_rel8_16_RCX, 8],
  [Code.Loope_rel8_64_RCX, 8],
  [Code.Loopne_rel8_16_RCX, 8],
  [Code.Loopne_rel8_64_RCX, 8],
]);
const OTHER_COUNT_SIZE = 4;

const counting =
  (also: ((lift: Lift) => Value) | null) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = countSizes.get(lift.instruction.code) ?? OTHER_COUNT_SIZE;
    const count = lift.gpr(Gpr.rcx, size);
    const less = b.sub(count, b.constant(count.type, 1));
    const flag = also === null ? null : also(lift);
    const more = b.truth(less);
    const taken = flag === null ? more : b.and(more, flag);
    checkKnownTarget(lift, taken);
    lift.setGpr(Gpr.rcx, size, less);
    branch(() => taken)(lift);
  };

const jcc = [
  Mnemonic.Jo,
  Mnemonic.Jno,
  Mnemonic.Jb,
  Mnemonic.Jae,
  Mnemonic.Je,
  Mnemonic.Jne,
  Mnemonic.Jbe,
  Mnemonic.Ja,
  Mnemonic.Js,
  Mnemonic.Jns,
  Mnemonic.Jp,
  Mnemonic.Jnp,
  Mnemonic.Jl,
  Mnemonic.Jge,
  Mnemonic.Jle,
  Mnemonic.Jg,
];

/** Bytes that a push, pop or call moves. */
const stackSize = (lift: Lift): number => Math.abs(lift.instruction.stackPointerIncrement);

const push = (lift: Lift): void => {
  const size = stackSize(lift);
  lift.setStackPointer(storeBelowStack(lift, size, lift.read(0, size)));
};

/** POP to memory computes its address with rSP already moved; POP rSP keeps what it loads. */
const pop = (lift: Lift): void => {
  const { b, instruction } = lift;
  const size = stackSize(lift);
  const value = lift.loadFromStack(size, lift.stackPointer());
  const moved = lift.stackPointer(size);
  if (lift.isMemory(0)) {
    const base = instruction.memoryBase;
    const usesStack = base !== 0 && !instruction.isIpRelMemoryOperand && gprOperand(base).register === Gpr.rsp;
    const effective = lift.effectiveAddress();
    const offset = usesStack ? lift.within(b.add(effective, b.i64(size)), lift.addressSize) : effective;
    b.store(size, lift.segmented(offset, instruction.memorySegment, size, true), value, lift.throughStack);
    lift.setStackPointer(moved);
  } else {
    lift.setStackPointer(moved);
    lift.write(0, value);
  }
};

const pushOrder = [Gpr.rax, Gpr.rcx, Gpr.rdx, Gpr.rbx, Gpr.rsp, Gpr.rbp, Gpr.rsi, Gpr.rdi];

/** PUSHA: eight registers, rSP as it was before. */
const pushAll =
  (size: 2 | 4) =>
  (lift: Lift): void => {
    pushOrder.forEach((register, at) => {
      lift.storeToStack(size, lift.stackPointer(-size * (at + 1)), lift.gpr(register, size));
    });
    lift.setStackPointer(lift.stackPointer(-size * pushOrder.length));
  };

/** POPA: what was pushed for rSP is not loaded into it. */
const popAll =
  (size: 2 | 4) =>
  (lift: Lift): void => {
    const order = [...pushOrder].reverse();
    const values = order.map((_, at) => lift.loadFromStack(size, lift.stackPointer(size * at)));
    order.forEach((register, at) => {
      if (register !== Gpr.rsp) {
        lift.setGpr(register, size, values[at]);
      }
    });
    lift.setStackPointer(lift.stackPointer(size * order.length));
  };

/** PUSHF pushes RFLAGS with VM and RF cleared. */
const pushFlags = (lift: Lift): void => {
  const { b } = lift;
  const size = stackSize(lift);
  const system = b.and(b.field32(StateOffset.systemFlags), b.i32(~(Rflags.VM | Rflags.RF | ARITHMETIC_FLAGS)));
  const flags = b.or(b.or(system, b.allFlags()), b.i32(Rflags.fixed));
  const value = size === 8 ? b.extendU(flags) : b.clean(flags, size);
  lift.setStackPointer(storeBelowStack(lift, size, value));
};

/** The operand size of LEAVE and ENTER. */
const frameSizes: ReadonlyMap<Code, number> = new Map([
  [Code.Leavew, 2],
  [Code.Enterw_imm16_imm8, 2],
  [Code.Leaved, 4],
  [Code.Enterd_imm16_imm8, 4],
]);
const frameSize = ({ instruction }: Lift): number => frameSizes.get(instruction.code) ?? 8;

const leave = (lift: Lift): void => {
  const size = frameSize(lift);
  const value = lift.loadFromStack(size, lift.stackPointer(0, Gpr.rbp));
  lift.setStackPointer(lift.stackPointer(size, Gpr.rbp));
  lift.setGpr(Gpr.rbp, size, value);
};

/**
 * What ENTER makes the frame pointer: rSP behind the push of rBP, of the operand's size. On a stack of 16 bits a push
 * moves only SP, and ESP keeps its upper half.
 */
function framePointer(lift: Lift, size: number): Value {
  const { b } = lift;
  const pointer = b.wrapTo(lift.stackPointer(-size), size);
  return size === 4 && lift.stackSize === 2 ? b.or(b.and(lift.gpr(Gpr.rsp, 4), b.i32(~0xffff)), pointer) : pointer;
}

/** ENTER: pushes rBP, copies `nesting` - 1 frame pointers, makes room (SDM 2A, "ENTER"). */
const enter = (lift: Lift): void => {
  const { b } = lift;
  const room = Number(lift.immediate(0));
  const nesting = Number(lift.immediate(1)) & 31;
  const size = frameSize(lift);
  const oldFrame = lift.gpr(Gpr.rbp, size);
  const frame = framePointer(lift, size);
  lift.storeToStack(size, lift.stackPointer(-size), oldFrame);
  for (let level = 1; level < nesting; level++) {
    const pointer = lift.loadFromStack(size, lift.stackPointer(-level * size, Gpr.rbp));
    lift.storeToStack(size, lift.stackPointer(-(level + 1) * size), pointer);
  }
  if (nesting > 0) {
    lift.storeToStack(size, lift.stackPointer(-(nesting + 1) * size), frame);
  }
  const top = lift.stackPointer(-(1 + nesting) * size - room);
  // "... or if a write using the final value of the stack pointer would cause a page fault": it is tried.
  b.load(size, lift.segmented(top, IcedRegister.SS, size, true), true, true);
  lift.setGpr(Gpr.rbp, size, frame);
  lift.setStackPointer(top);
};

export const controlTransfer: LiftTable = [
  [Mnemonic.Jmp, nearOrFar(jump, farJump)],
  [Mnemonic.Call, nearOrFar(call, farCall)],
  [Mnemonic.Ret, ret],
  ...jcc.map((mnemonic, code) => [mnemonic, branch((lift) => condition(lift.b, code))] as const),
  [Mnemonic.Loop, counting(null)],
  [Mnemonic.Loope, counting((lift) => condition(lift.b, 4))],
  [Mnemonic.Loopne, counting((lift) => condition(lift.b, 5))],
  [Mnemonic.Jrcxz, branch((lift) => lift.b.eqz(lift.gpr(Gpr.rcx, 8)))],
  [Mnemonic.Jecxz, branch((lift) => lift.b.eqz(lift.gpr(Gpr.rcx, 4)))],
  [Mnemonic.Jcxz, branch((lift) => lift.b.eqz(lift.gpr(Gpr.rcx, 2)))],
  [Mnemonic.Push, push],
  [Mnemonic.Pop, pop],
  [Mnemonic.Pushfq, pushFlags],
  [Mnemonic.Pushfd, pushFlagsOr(pushFlags)],
  [Mnemonic.Pushf, pushFlagsOr(pushFlags)],
  [Mnemonic.Popfq, (lift) => popFlags(lift, 8)],
  [Mnemonic.Popfd, (lift) => popFlags(lift, 4)],
  [Mnemonic.Popf, (lift) => popFlags(lift, 2)],
  [Mnemonic.Pusha, pushAll(2)],
  [Mnemonic.Pushad, pushAll(4)],
  [Mnemonic.Popa, popAll(2)],
  [Mnemonic.Popad, popAll(4)],
  [Mnemonic.Leave, leave],
  [Mnemonic.Enter, enter],
];

/** POPF may change what only `cpu/system/` knows: the value is loaded here and applied there. */
function popFlags(lift: Lift, size: number): void {
  const { b } = lift;
  const value = lift.loadFromStack(size, lift.stackPointer());
  b.setField64(StateOffset.slowValue, b.extendU(value));
  stopForSystem(lift, "popFlags", [size]);
}
