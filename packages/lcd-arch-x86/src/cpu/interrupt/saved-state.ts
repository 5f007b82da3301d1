import type { Processor } from "../processor";
import { Rflags } from "../state";
import { StateWord } from "../state-word";

/**
 * Sets RF between two repetitions of a string instruction: an event there saves it, and there is no instruction breakpoint
 * for the next one (SDM 3B, "Instruction-Breakpoint Exception Condition"). It is over when that has retired.
 */
export function setResume(p: Processor): void {
  p.eflags |= Rflags.RF;
}

const CLEARED = Rflags.TF | Rflags.NT | Rflags.RF | Rflags.VM;

/** Flags that the handler starts with; an interrupt gate clears IF (SDM 3A, "Flag Usage By ... Handler Procedure"). */
export function setHandlerFlags(p: Processor, clearInterruptFlag: boolean): void {
  const { state } = p;
  const cleared = clearInterruptFlag ? CLEARED | Rflags.IF : CLEARED;
  state.u32[StateWord.systemFlags] = state.u32[StateWord.systemFlags] & ~cleared;
}
