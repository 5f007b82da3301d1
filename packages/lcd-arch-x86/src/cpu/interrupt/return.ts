import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { returnTo } from "../segmentation/far-return";
import { Stack } from "../segmentation/stack";
import { Rflags } from "../state";
import { in64BitMode, inLongMode } from "../system/mode";
import type { Execute, Operations } from "../system/operation";
import { ioplOf } from "./flags";
import { Blocking } from "./shadow";

/** Flags that IRET takes at any privilege level, whatever the operand size; those above bit 15 with 32 bits or more. */
const ALWAYS =
  Rflags.CF |
  Rflags.PF |
  Rflags.AF |
  Rflags.ZF |
  Rflags.SF |
  Rflags.TF |
  Rflags.DF |
  Rflags.OF |
  Rflags.NT |
  Rflags.RF |
  Rflags.AC |
  Rflags.ID;
const AT_CPL_0 = Rflags.IF | Rflags.IOPL | Rflags.VIF | Rflags.VIP;

/** IRET, IRETD and IRETQ: the operand size in bytes goes along (SDM 2A, "IRET"). NMIs are unblocked even if it faults. */
const interruptReturn: Execute = (p, [size]) => {
  p.interruptibility &= ~Blocking.byNmi;
  if (inLongMode(p)) {
    returnInLongMode(p, size);
  }
  p.addressSpaceChanged();
  return "elsewhere";
};

const fromLegacy = { release: 0, alwaysStack: false } as const;
const from64Bit = { release: 0, alwaysStack: true } as const;

function returnInLongMode(p: Processor, size: number): void {
  if ((p.state.get32("systemFlags") & Rflags.NT) !== 0) {
    throw generalProtection();
  }
  const stack = Stack.current(p);
  const ripLow = stack.pop(size);
  const ripHigh = stack.poppedHigh;
  const selector = stack.pop(size) & 0xffff;
  const flags = stack.pop(size);
  const cpl = p.state.get32("cpl");
  returnTo(p, stack, size, selector, ripLow, ripHigh, in64BitMode(p) ? from64Bit : fromLegacy);
  restoreFlags(p, flags, size, cpl);
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
