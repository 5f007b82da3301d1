import { Cr0 } from "../../mmu/control-bits";
import type { Processor, RunStop } from "../processor";
import { StateWord } from "../state-word";
import { assertError } from "../x87/error-pins";

/** Whether x87 errors are told outside, by FERR#, and are no exceptions. */
export const tellsErrorsOutside = ({ state }: Processor): boolean => (state.u32[StateWord.cr0] & Cr0.NE) === 0;

/**
 * An x87 error is pending at an instruction that waits: the processor does nothing until an interrupt comes, which is what
 * FERR# is to bring about (SDM 1, "MS-DOS Compatibility Sub-mode").
 */
export function waitForErrorInterrupt(p: Processor): RunStop {
  if (assertError(p.state)) {
    p.numericError?.();
  }
  return { kind: "halted" };
}
