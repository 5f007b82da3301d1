import { Cr0, Cr4 } from "../../mmu/control-bits";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Stack } from "../segmentation/stack";
import { Rflags } from "../state";
import { StateWord } from "../state-word";
import { hasCr4, inVirtual8086 } from "../system/mode";
import { next, type Operations } from "../system/operation";
import { Blocking } from "./shadow";

const IOPL_SHIFT = 12;

/**
 * Which flag CLI, STI, PUSHF, POPF and INT n of virtual-8086 code mean by the interrupt flag: IF, or VIF when software
 * without the privilege for IF has a virtual one, or neither (SDM 3B, "8086 Emulation"; SDM 3A, "Protected-Mode Virtual
 * Interrupts").
 */
type InterruptFlag = "real" | "virtual" | "none";

export const ioplOf = (flags: number): number => (flags & Rflags.IOPL) >> IOPL_SHIFT;

function interruptFlag(p: Processor): InterruptFlag {
  const { state } = p;
  const cpl = state.get32("cpl");
  if ((state.low("cr0") & Cr0.PE) === 0 || cpl <= ioplOf(state.get32("systemFlags"))) {
    return "real";
  }
  return cpl === 3 && hasCr4(p, inVirtual8086(p) ? Cr4.VME : Cr4.PVI) ? "virtual" : "none";
}

const PENDING_AND_ENABLED = Rflags.VIF | Rflags.VIP;

/**
 * A virtual interrupt waits, and is not held back: #GP(0) lets the monitor see to it before the next instruction. IRET,
 * SYSRET and task switches bring this about (SDM 3B, "Class 2—Maskable Hardware Interrupt Handling in Virtual-8086 Mode
 * Using the Virtual Interrupt Mechanism").
 */
export const virtualInterruptDue = (p: Processor): boolean =>
  (p.state.u32[StateWord.systemFlags] & PENDING_AND_ENABLED) === PENDING_AND_ENABLED && interruptFlag(p) === "virtual";

const clear = (p: Processor, flag: number): void => p.state.set32("systemFlags", p.state.get32("systemFlags") & ~flag);
const set = (p: Processor, flag: number): void => p.state.set32("systemFlags", p.state.get32("systemFlags") | flag);
const has = (p: Processor, flag: number): boolean => (p.state.get32("systemFlags") & flag) !== 0;

/** CLI (SDM 2A). */
const clearInterruptFlag = next((p) => {
  const flag = interruptFlag(p);
  if (flag === "none") {
    throw generalProtection();
  }
  clear(p, flag === "real" ? Rflags.IF : Rflags.VIF);
});

/** STI (SDM 2B): interrupts come behind the next instruction if they were off. */
const setInterruptFlag = next((p) => {
  const flag = interruptFlag(p);
  if (flag === "none" || (flag === "virtual" && has(p, Rflags.VIP))) {
    throw generalProtection();
  }
  if (flag === "virtual") {
    set(p, Rflags.VIF);
  } else if (!has(p, Rflags.IF)) {
    set(p, Rflags.IF);
    // It is over with this instruction, and would last as long as what begins now.
    clear(p, Rflags.RF);
    p.interruptibility |= Blocking.bySti;
  }
});

/** Virtual-8086 code of IOPL below 3 has its own interrupt flag, with CR4.VME and for 16-bit operands only. @throws #GP(0) */
function requireVirtualFlag(p: Processor, size: number): void {
  if (size !== 2 || !hasCr4(p, Cr4.VME)) {
    throw generalProtection();
  }
}

const usesVirtualFlag = (p: Processor): boolean => inVirtual8086(p) && ioplOf(p.state.get32("systemFlags")) < 3;

/** Flags that POPF takes, but for IF and IOPL. */
export const POPPED =
  Rflags.CF |
  Rflags.PF |
  Rflags.AF |
  Rflags.ZF |
  Rflags.SF |
  Rflags.TF |
  Rflags.DF |
  Rflags.OF |
  Rflags.NT |
  Rflags.AC |
  Rflags.ID;

/** POPF (SDM 2B): the value, which the lift has loaded, is in `slowValue`; the operand is its size in bytes. */
const popFlags = next((p, [size]) => {
  const popped = p.state.low("slowValue");
  const { eflags } = p;
  let taken = size === 2 ? POPPED & 0xffff : POPPED;
  let also = 0;
  if (usesVirtualFlag(p)) {
    requireVirtualFlag(p, size);
    const enables = (popped & Rflags.IF) !== 0;
    if ((enables && (eflags & Rflags.VIP) !== 0) || (popped & Rflags.TF) !== 0) {
      throw generalProtection();
    }
    taken |= Rflags.VIF;
    also = enables ? Rflags.VIF : 0;
  } else {
    const cpl = p.state.get32("cpl");
    taken |= cpl === 0 ? Rflags.IOPL | Rflags.IF : cpl <= ioplOf(eflags) ? Rflags.IF : 0;
  }
  p.eflags = (eflags & ~taken & ~Rflags.RF) | ((popped | also) & taken);
  const stack = Stack.current(p);
  stack.move(size);
  stack.commit();
  p.addressSpaceChanged();
});

/** PUSHF of 16-bit code, which may be virtual-8086 code (SDM 2B): RF and VM read as 0. */
const pushFlags = next((p, [size]) => {
  let flags = p.eflags & ~(Rflags.VM | Rflags.RF);
  if (usesVirtualFlag(p)) {
    requireVirtualFlag(p, size);
    const enabled = (flags & Rflags.VIF) !== 0;
    flags = (flags & ~Rflags.IF) | Rflags.IOPL | (enabled ? Rflags.IF : 0);
  }
  const stack = Stack.current(p);
  stack.push(size, flags);
  stack.commit();
});

/** CLI, STI, POPF, and PUSHF where it depends on more than the flags. */
export const flagOperations: Operations = {
  cli: { execute: clearInterruptFlag, unprivileged: true },
  sti: { execute: setInterruptFlag, unprivileged: true },
  popFlags: { execute: popFlags, unprivileged: true },
  pushFlags: { execute: pushFlags, unprivileged: true },
};
