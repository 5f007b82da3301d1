import { Cr0, Efer } from "../../mmu/control-bits";
import { isCanonicalHigh } from "../../mmu/index";
import { Rights, SegmentType } from "../../vmx/segments";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { RPL } from "../segmentation/descriptor";
import { FLAT_LIMIT, setSegment } from "../segmentation/registers";
import { Gpr, Rflags, Segment } from "../state";
import { StateWord } from "../state-word";
import { atCpl0, in64BitMode, inLongMode } from "../system/mode";
import { type Execute, next, type Operations } from "../system/operation";
import { Dr6 } from "./debug";

const FLAT = Rights.codeOrData | Rights.present | Rights.granular;
const CODE = FLAT | SegmentType.codeRead;
const DATA = FLAT | SegmentType.dataWritten | Rights.big;

/** Loads CS and SS with flat segments that no table is asked for. */
function setFlatSegments({ state }: Processor, code: number, stack: number, cpl: number, long: boolean): void {
  const dpl = cpl << Rights.dplShift;
  setSegment(state, Segment.cs, code, 0, FLAT_LIMIT, CODE | dpl | (long ? Rights.long : Rights.big));
  setSegment(state, Segment.ss, stack, 0, FLAT_LIMIT, DATA | dpl);
  state.u32[StateWord.cpl] = cpl;
}

/** SYSCALL and SYSRET exist in 64-bit mode, when the system has enabled them. */
const syscallEnabled = (p: Processor): boolean => in64BitMode(p) && (p.state.u32[StateWord.efer] & Efer.SCE) !== 0;

/** Distance of SYSRET's and SYSEXIT's selectors from the one in the MSR. */
const SYSRET_SS = 8;
const SYSRET_CS_64 = 16;

/**
 * SYSCALL and SYSRET look at TF behind them, where other instructions look at what it was before: systems mask it with
 * IA32_FMASK, and a program that is returned to with TF set begins with a debug exception.
 */
function traceTransfer(p: Processor): void {
  p.deliveries++;
  if (p.isWatched && (p.state.u32[StateWord.systemFlags] & Rflags.TF) !== 0) {
    p.pendingDebug |= Dr6.singleStep;
  }
}

/** SYSCALL (SDM 2B). STAR bits 47:32 give the selectors. */
const systemCall: Execute = (p, _operands, length) => {
  const { state } = p;
  const rip = state.u32[StateWord.rip] + length;
  state.setHalves(
    "gpr",
    rip,
    rip > 0xffffffff ? state.u32[StateWord.rip + 1] + 1 : state.u32[StateWord.rip + 1],
    Gpr.rcx,
  );
  const flags = p.eflags;
  state.setHalves("gpr", flags, 0, Gpr.r11);
  state.setHalves("rip", state.u32[StateWord.lstar], state.u32[StateWord.lstar + 1]);
  p.eflags = flags & ~state.u32[StateWord.fmask] & ~Rflags.RF;
  const selector = state.u32[StateWord.star + 1] & 0xffff;
  setFlatSegments(p, selector & ~RPL, (selector + 8) & 0xffff, 0, true);
  p.addressSpaceChanged();
  traceTransfer(p);
  return "elsewhere";
};

/** Flags that SYSRET takes from R11: all that there are, but for VM and RF. */
const SYSRET_FLAGS = 0x3c7fd7;

/** SYSRET (SDM 2B): back to CPL 3, to 64-bit code with an operand size of 8 bytes. STAR bits 63:48 give the selectors. */
const systemReturn: Execute = (p, [size]) => {
  const { state } = p;
  const toLong = size === 8;
  const high = toLong ? state.u32[StateWord.gpr + 2 * Gpr.rcx + 1] : 0;
  if (!isCanonicalHigh(high, state.u32[StateWord.cr4])) {
    throw generalProtection();
  }
  state.setHalves("rip", state.u32[StateWord.gpr + 2 * Gpr.rcx], high);
  p.eflags = (state.u32[StateWord.gpr + 2 * Gpr.r11] & SYSRET_FLAGS) | Rflags.fixed;
  const selector = state.u32[StateWord.star + 1] >>> 16;
  const code = (selector + (toLong ? SYSRET_CS_64 : 0)) & 0xffff;
  setFlatSegments(p, code | RPL, ((selector + SYSRET_SS) & 0xffff) | RPL, 3, toLong);
  p.addressSpaceChanged();
  traceTransfer(p);
  return "elsewhere";
};

/** @throws GuestException #GP(0) outside protected mode, or when IA32_SYSENTER_CS holds a null selector */
function requireSysenter(p: Processor): number {
  const selector = p.state.u32[StateWord.sysenterCs] & 0xffff;
  if ((p.state.u32[StateWord.cr0] & Cr0.PE) === 0 || (selector & ~RPL) === 0) {
    throw generalProtection();
  }
  return selector;
}

/** SYSENTER (SDM 2B): to CPL 0, to 64-bit code in IA-32e mode. */
const systemEnter: Execute = (p) => {
  const { state } = p;
  const selector = requireSysenter(p) & ~RPL;
  const long = inLongMode(p);
  const part = (field: "sysenterEip" | "sysenterEsp"): number => (long ? state.high(field) : 0);
  state.u32[StateWord.systemFlags] = state.u32[StateWord.systemFlags] & ~(Rflags.VM | Rflags.IF | Rflags.RF);
  state.setHalves("rip", state.u32[StateWord.sysenterEip], part("sysenterEip"));
  state.setHalves("gpr", state.u32[StateWord.sysenterEsp], part("sysenterEsp"), Gpr.rsp);
  setFlatSegments(p, selector, (selector + 8) & 0xffff, 0, long);
  p.addressSpaceChanged();
  return "elsewhere";
};

/** Distance of SYSEXIT's CS from IA32_SYSENTER_CS, by operand size in bytes; SS follows it. */
const SYSEXIT_CS = 16;
const SYSEXIT_CS_64 = 32;

/** SYSEXIT (SDM 2B): to CPL 3, RIP from RDX and RSP from RCX; to 64-bit code with an operand size of 8 bytes. */
const systemExit: Execute = (p, [size]) => {
  const { state } = p;
  const selector = requireSysenter(p);
  if (!atCpl0(p)) {
    throw generalProtection();
  }
  const long = size === 8;
  const ripHigh = long ? state.u32[StateWord.gpr + 2 * Gpr.rdx + 1] : 0;
  const rspHigh = long ? state.u32[StateWord.gpr + 2 * Gpr.rcx + 1] : 0;
  if (!isCanonicalHigh(ripHigh, state.u32[StateWord.cr4]) || !isCanonicalHigh(rspHigh | 0, state.u32[StateWord.cr4])) {
    throw generalProtection();
  }
  state.setHalves("rip", state.u32[StateWord.gpr + 2 * Gpr.rdx], ripHigh);
  state.setHalves("gpr", state.u32[StateWord.gpr + 2 * Gpr.rcx], rspHigh, Gpr.rsp);
  const code = (selector + (long ? SYSEXIT_CS_64 : SYSEXIT_CS)) & 0xffff;
  setFlatSegments(p, code | RPL, ((code + 8) & 0xffff) | RPL, 3, long);
  p.addressSpaceChanged();
  return "elsewhere";
};

/** SWAPGS (SDM 2B). */
const swapGs = next(({ state }) => {
  const base = state.get64("segmentBase", Segment.gs);
  state.set64("segmentBase", state.get64("kernelGsBase"), Segment.gs);
  state.set64("kernelGsBase", base);
});

/** System calls without a gate (SDM 3A, "Fast System Calls in 64-Bit Mode", "Performing Fast Calls to System Procedures"). */
export const fastCalls: Operations = {
  syscall: { exists: syscallEnabled, execute: systemCall, unprivileged: true },
  sysret: { exists: syscallEnabled, execute: systemReturn },
  sysenter: { execute: systemEnter, unprivileged: true },
  sysexit: { execute: systemExit, unprivileged: true },
  swapgs: { exists: in64BitMode, execute: swapGs },
};
