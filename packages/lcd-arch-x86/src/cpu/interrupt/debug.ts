import type { Processor } from "../processor";

/** Bits of DR6 (SDM 3B, "Debug Status Register (DR6)"). */
export const Dr6 = {
  /** B0 to B3: the breakpoint's condition was met. */
  breakpoints: 0xfn,
  /** BD: an access to a debug register while DR7.GD was set. */
  access: 1n << 13n,
  /** BS: a single step. */
  singleStep: 1n << 14n,
  /** BT: a switch to a task whose TSS has T set. */
  taskSwitch: 1n << 15n,
} as const;

/** DR7.GD: accesses to debug registers raise #DB. */
export const GENERAL_DETECT = 1n << 13n;

const DR6 = 6;
const DR7 = 7;

/** What a debug exception leaves in the debug registers: why it was raised, and GD cleared for its handler. */
export function recordDebugException({ state }: Processor, cause: bigint): void {
  state.set64("dr", (state.get64("dr", DR6) & ~Dr6.breakpoints) | cause, DR6);
  state.set64("dr", state.get64("dr", DR7) & ~GENERAL_DETECT, DR7);
}
