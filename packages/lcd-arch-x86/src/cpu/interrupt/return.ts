import { Cr4 } from "../../mmu/control-bits";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { returnTo } from "../segmentation/far-return";
import { loadRealSegment } from "../segmentation/load";
import { Stack } from "../segmentation/stack";
import { checkRealTarget } from "../segmentation/target";
import { readPreviousTask } from "../segmentation/task-descriptor";
import { setV86Segment } from "../segmentation/task-segments";
import { switchTask, TaskSwitchSource } from "../segmentation/task-switch";
import { Gpr, Rflags, Segment } from "../state";
import { StateWord } from "../state-word";
import { hasCr4, in64BitMode, inLongMode, inProtectedMode, inRealMode, inVirtual8086 } from "../system/mode";
import type { Execute, Operations, SystemOutcome } from "../system/operation";
import { ioplOf, POPPED } from "./flags";
import { Blocking } from "./shadow";

/** Flags that IRET takes at any privilege level, whatever the operand size; those above bit 15 with 32 bits or more. */
const ALWAYS = POPPED | Rflags.RF;
/** Flags that IRET takes in real-address mode, and in virtual-8086 mode but for IOPL. */
const REAL_FLAGS = ALWAYS | Rflags.IF | Rflags.IOPL;
/** All flags that there are. */
const VALID_FLAGS = 0x3f7fd7;
const V86_LIMIT = 0xffff;
const AT_CPL_0 = Rflags.IF | Rflags.IOPL | Rflags.VIF | Rflags.VIP;

/**
 * IRET, IRETD and IRETQ: the operand size in bytes goes along (SDM 2A, "IRET"). NMIs are unblocked even if it faults, but
 * not by a guest: its NMIs exit (SDM 3C, "Changes to Instruction Behavior in VMX Non-Root Operation").
 */
const interruptReturn: Execute = (p, [size], length) => {
  p.interruptibility &= p.nonRoot ? Blocking.byNmi : 0;
  if (inProtectedMode(p) && !inLongMode(p) && (p.state.u32[StateWord.systemFlags] & Rflags.NT) !== 0) {
    return returnToTask(p, length);
  }
  if (inLongMode(p)) {
    returnInLongMode(p, size);
  } else if (inVirtual8086(p)) {
    returnInVirtual8086(p, size);
  } else if (inRealMode(p)) {
    popReal(p, size, REAL_FLAGS);
  } else {
    returnInProtectedMode(p, size);
  }
  p.addressSpaceChanged();
  return "elsewhere";
};

const fromLegacy = { release: 0, alwaysStack: false } as const;
const from64Bit = { release: 0, alwaysStack: true } as const;

function returnInLongMode(p: Processor, size: number): void {
  if ((p.state.u32[StateWord.systemFlags] & Rflags.NT) !== 0) {
    throw generalProtection();
  }
  const stack = Stack.current(p);
  const ripLow = stack.pop(size);
  const ripHigh = stack.poppedHigh;
  const selector = stack.pop(size) & 0xffff;
  const flags = stack.pop(size);
  const cpl = p.state.u32[StateWord.cpl];
  returnTo(p, stack, size, selector, ripLow, ripHigh, in64BitMode(p) ? from64Bit : fromLegacy);
  restoreFlags(p, flags, size, cpl);
}

function returnInProtectedMode(p: Processor, size: number): void {
  const stack = Stack.current(p);
  const eip = stack.pop(size);
  const selector = stack.pop(size) & 0xffff;
  const flags = stack.pop(size);
  const cpl = p.state.u32[StateWord.cpl];
  if (cpl === 0 && (flags & Rflags.VM) !== 0) {
    returnToVirtual8086(p, stack, eip, selector, flags);
    return;
  }
  returnTo(p, stack, size, selector, eip, 0, fromLegacy);
  restoreFlags(p, flags, size, cpl);
}

/** To virtual-8086 mode: ESP and all segment registers follow (SDM 2A, "IRET", RETURN-TO-VIRTUAL-8086-MODE). */
function returnToVirtual8086(p: Processor, stack: Stack, eip: number, selector: number, flags: number): void {
  const { state } = p;
  if (eip > V86_LIMIT) {
    throw generalProtection();
  }
  const esp = stack.pop(4);
  const selectors = [Segment.ss, Segment.es, Segment.ds, Segment.fs, Segment.gs].map(
    (segment) => [segment, stack.pop(4) & 0xffff] as const,
  );
  p.eflags = (flags & VALID_FLAGS) | Rflags.fixed;
  state.u32[StateWord.cpl] = 3;
  setV86Segment(p, Segment.cs, selector);
  for (const [segment, value] of selectors) {
    setV86Segment(p, segment, value);
  }
  state.setHalves("rip", eip, 0);
  state.setHalves("gpr", esp, 0, Gpr.rsp);
}

/** IOPL 3 has the real IF; below it, CR4.VME gives 16-bit programs a virtual one. */
function returnInVirtual8086(p: Processor, size: number): void {
  const { eflags } = p;
  if (ioplOf(eflags) === 3) {
    popReal(p, size, REAL_FLAGS & ~Rflags.IOPL);
    return;
  }
  if (size !== 2 || !hasCr4(p, Cr4.VME)) {
    throw generalProtection();
  }
  const popped = Stack.current(p).peek(2 * size, size);
  const enables = (popped & Rflags.IF) !== 0;
  if ((enables && (eflags & Rflags.VIP) !== 0) || (popped & Rflags.TF) !== 0) {
    throw generalProtection();
  }
  popReal(p, size, REAL_FLAGS & ~(Rflags.IF | Rflags.IOPL));
  p.eflags = enables ? p.eflags | Rflags.VIF : p.eflags & ~Rflags.VIF;
}

/** IP, CS and the flags in `taken`, in real-address or virtual-8086 mode (SDM 2A, "IRET"). */
function popReal(p: Processor, size: number, taken: number): void {
  const { state, eflags } = p;
  const stack = Stack.current(p);
  const eip = stack.pop(size);
  const selector = stack.pop(size) & 0xffff;
  const flags = stack.pop(size);
  checkRealTarget(p, eip);
  stack.commit();
  loadRealSegment(p, Segment.cs, selector);
  state.setHalves("rip", eip, 0);
  const changed = size === 2 ? taken & 0xffff : taken;
  p.eflags = (eflags & ~changed & ~Rflags.RF) | (flags & changed);
}

/** Back to the task whose TSS is linked in the current one (SDM 2A, "IRET", TASK-RETURN). */
function returnToTask(p: Processor, length: number): SystemOutcome {
  const link = p.supervisor.read16(p.state.u32[StateWord.segmentBase + 2 * Segment.tr]);
  return switchTask(p, readPreviousTask(p, link), TaskSwitchSource.iret, length, p.eflags) ? "elsewhere" : "vm-exit";
}

/** Loads the flags that code of privilege level `cpl` may load; 16-bit operands leave those above bit 15. */
export function restoreFlags(p: Processor, flags: number, size: number, cpl: number): void {
  const { eflags } = p;
  let taken = ALWAYS;
  if (cpl === 0) {
    taken |= AT_CPL_0;
  } else if (cpl <= ioplOf(eflags)) {
    taken |= Rflags.IF;
  }
  if (size === 2) {
    taken &= 0xffff;
  }
  // RF is over with this instruction, unless it loads it.
  p.eflags = (eflags & ~taken & ~Rflags.RF) | (flags & taken);
}

export const interruptReturns: Operations = {
  interruptReturn: { execute: interruptReturn, unprivileged: true },
};
