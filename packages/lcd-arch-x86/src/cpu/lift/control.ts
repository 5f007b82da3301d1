import { Code, Mnemonic, OpKind } from "iced-x86";
import type { Value } from "../ir";
import { ARITHMETIC_FLAGS, Gpr, Rflags, StateOffset } from "../state";
import { condition } from "./conditions";
import { stopForSystem } from "./data";
import { gprOperand, type Lift } from "./operands";
import type { LiftTable } from "./table";

const GENERAL_PROTECTION = 13;

/** A near jump goes to a canonical address or raises #GP(0) where it is. */
function checkCanonical({ b }: Lift, target: Value): void {
  const signed = b.shrS(b.shl(target, b.i64(16)), b.i64(16));
  b.raiseIf(b.ne(signed, target), GENERAL_PROTECTION, 0);
}

/** As `checkCanonical`, for a jump to a known place that is taken when `taken` is not 0. */
function checkTarget({ b, instruction }: Lift, taken: Value): void {
  const target = instruction.nearBranchTarget;
  if (BigInt.asUintN(64, BigInt.asIntN(48, target)) !== target) {
    b.raiseIf(taken, GENERAL_PROTECTION, 0);
  }
}

const isDirect = (lift: Lift): boolean => lift.kind(0) === OpKind.NearBranch64;

/** Stores a value under the stack pointer; the caller sets RSP afterwards. Returns the new RSP. */
function storeBelowStack({ b }: Lift, size: number, value: Value): Value {
  const top = b.sub(b.register(Gpr.rsp), b.i64(size));
  b.store(size, top, value, true);
  return top;
}

const jump = (lift: Lift): void => {
  const { b, instruction } = lift;
  if (isDirect(lift)) {
    checkTarget(lift, b.i32(1));
    b.terminator = { kind: "jump", target: instruction.nearBranchTarget };
    return;
  }
  const target = lift.read(0, 8);
  checkCanonical(lift, target);
  b.terminator = { kind: "indirect", target };
};

const call = (lift: Lift): void => {
  const { b, instruction } = lift;
  const target = isDirect(lift) ? null : lift.read(0, 8);
  if (target === null) {
    checkTarget(lift, b.i32(1));
  } else {
    checkCanonical(lift, target);
  }
  b.setRegister(Gpr.rsp, storeBelowStack(lift, 8, b.i64(b.nextRip)));
  b.terminator =
    target === null ? { kind: "jump", target: instruction.nearBranchTarget } : { kind: "indirect", target };
};

const ret = (lift: Lift): void => {
  const { b } = lift;
  const top = b.register(Gpr.rsp);
  const target = b.load(8, top, false, true);
  checkCanonical(lift, target);
  const extra = lift.operandCount === 0 ? 0n : lift.immediate(0);
  b.setRegister(Gpr.rsp, b.add(top, b.i64(8n + extra)));
  b.terminator = { kind: "indirect", target };
};

const branch =
  (test: (lift: Lift) => Value) =>
  (lift: Lift): void => {
    const { b, instruction } = lift;
    const condition = test(lift);
    checkTarget(lift, condition);
    b.terminator = { kind: "branch", condition, taken: instruction.nearBranchTarget, next: b.nextRip };
  };

const countedInEcx: ReadonlySet<Code> = new Set([
  Code.Loop_rel8_64_ECX,
  Code.Loope_rel8_64_ECX,
  Code.Loopne_rel8_64_ECX,
  Code.Loop_rel8_16_ECX,
  Code.Loope_rel8_16_ECX,
  Code.Loopne_rel8_16_ECX,
]);

/** rCX of a LOOP or JRCXZ: 4 bytes with an address-size prefix. */
const countSize = (lift: Lift): number => {
  const { mnemonic } = lift.instruction;
  if (mnemonic === Mnemonic.Jecxz || mnemonic === Mnemonic.Jrcxz) {
    return mnemonic === Mnemonic.Jecxz ? 4 : 8;
  }
  return countedInEcx.has(lift.instruction.code) ? 4 : 8;
};

const counting =
  (also: ((lift: Lift) => Value) | null) =>
  (lift: Lift): void => {
    const { b } = lift;
    const size = countSize(lift);
    const count = lift.gpr(Gpr.rcx, size);
    const less = b.sub(count, b.constant(count.type, 1));
    const flag = also === null ? null : also(lift);
    const more = b.truth(less);
    const taken = flag === null ? more : b.and(more, flag);
    checkTarget(lift, taken);
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

/** Bytes that a push or pop moves: 8, or 2 with an operand-size prefix. */
const stackSize = (lift: Lift): number => Math.abs(lift.instruction.stackPointerIncrement);

const push = (lift: Lift): void => {
  const { b } = lift;
  const size = stackSize(lift);
  b.setRegister(Gpr.rsp, storeBelowStack(lift, size, lift.read(0, size)));
};

/** POP to memory computes its address with RSP already moved; POP RSP keeps what it loads. */
const pop = (lift: Lift): void => {
  const { b } = lift;
  const size = stackSize(lift);
  const top = b.register(Gpr.rsp);
  const value = b.load(size, top, false, true);
  const moved = b.add(top, b.i64(size));
  if (lift.isMemory(0)) {
    const base = lift.instruction.memoryBase;
    const usesStack = base !== 0 && !lift.instruction.isIpRelMemoryOperand && gprOperand(base).register === Gpr.rsp;
    const address = usesStack ? b.add(lift.linearAddress(), b.i64(size)) : lift.linearAddress();
    b.store(size, address, value, lift.throughStack);
    b.setRegister(Gpr.rsp, moved);
  } else {
    b.setRegister(Gpr.rsp, moved);
    lift.write(0, value);
  }
};

/** PUSHF pushes RFLAGS with VM and RF cleared. */
const pushFlags = (lift: Lift): void => {
  const { b } = lift;
  const size = stackSize(lift);
  const system = b.and(b.field32(StateOffset.systemFlags), b.i32(~(Rflags.VM | Rflags.RF | ARITHMETIC_FLAGS)));
  const flags = b.or(b.or(system, b.allFlags()), b.i32(Rflags.fixed));
  const value = size === 8 ? b.extendU(flags) : b.clean(flags, size);
  b.setRegister(Gpr.rsp, storeBelowStack(lift, size, value));
};

const leave = (lift: Lift): void => {
  const { b } = lift;
  const size = lift.instruction.code === Code.Leavew ? 2 : 8;
  const frame = b.register(Gpr.rbp);
  const value = b.load(size, frame, false, true);
  b.setRegister(Gpr.rsp, b.add(frame, b.i64(size)));
  lift.setGpr(Gpr.rbp, size, value);
};

/** ENTER: pushes RBP, copies `nesting` - 1 frame pointers, makes room (SDM 2A, "ENTER"). */
const enter = (lift: Lift): void => {
  const { b } = lift;
  const room = lift.immediate(0);
  const nesting = Number(lift.immediate(1)) & 31;
  const size = lift.instruction.code === Code.Enterw_imm16_imm8 ? 2 : 8;
  const old = b.register(Gpr.rsp);
  const oldFrame = b.register(Gpr.rbp);
  const frame = b.sub(old, b.i64(size));
  b.store(size, frame, b.wrapTo(oldFrame, size), true);
  for (let level = 1; level < nesting; level++) {
    const pointer = b.load(size, b.sub(oldFrame, b.i64(level * size)), false, true);
    b.store(size, b.sub(frame, b.i64(level * size)), pointer, true);
  }
  const depth = BigInt(nesting * size);
  if (nesting > 0) {
    b.store(size, b.sub(frame, b.i64(nesting * size)), b.wrapTo(frame, size), true);
  }
  lift.setGpr(Gpr.rbp, size, b.wrapTo(frame, size));
  b.setRegister(Gpr.rsp, b.sub(frame, b.i64(depth + room)));
};

export const controlTransfer: LiftTable = [
  [Mnemonic.Jmp, jump],
  [Mnemonic.Call, call],
  [Mnemonic.Ret, ret],
  ...jcc.map((mnemonic, code) => [mnemonic, branch((lift) => condition(lift.b, code))] as const),
  [Mnemonic.Loop, counting(null)],
  [Mnemonic.Loope, counting((lift) => condition(lift.b, 4))],
  [Mnemonic.Loopne, counting((lift) => condition(lift.b, 5))],
  [Mnemonic.Jrcxz, branch((lift) => lift.b.eqz(lift.gpr(Gpr.rcx, 8)))],
  [Mnemonic.Jecxz, branch((lift) => lift.b.eqz(lift.gpr(Gpr.rcx, 4)))],
  [Mnemonic.Push, push],
  [Mnemonic.Pop, pop],
  [Mnemonic.Pushfq, pushFlags],
  [Mnemonic.Pushf, pushFlags],
  [Mnemonic.Popfq, (lift) => popFlags(lift, 8)],
  [Mnemonic.Popf, (lift) => popFlags(lift, 2)],
  [Mnemonic.Leave, leave],
  [Mnemonic.Enter, enter],
];

/** POPF may change what only `cpu/system/` knows: the value is loaded here and applied there. */
function popFlags(lift: Lift, size: number): void {
  const { b } = lift;
  const value = b.load(size, b.register(Gpr.rsp), false, true);
  b.setField64(StateOffset.slowValue, b.extendU(value));
  stopForSystem(lift, "popFlags", [size]);
}
