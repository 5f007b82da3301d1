import { errorsCleared } from "./error-pins";
import type { Fpu } from "./fpu";
import type { FpuOperation, FpuOperations } from "./operation";
import { Place } from "./places";
import { ControlWord, EXCEPTION_FLAGS, StatusWord, withSummary } from "./words";

const { SF, ES, B } = StatusWord;

/** FNINIT, and what FNSAVE ends with (SDM 2A, "FINIT/FNINIT"). Data registers keep their contents, but are empty. */
export function initialize({ state }: Fpu): void {
  state.set32("fpuControl", ControlWord.initial);
  state.set32("fpuStatus", 0);
  state.set32("fpuTags", 0);
  errorsCleared(state);
  clearPointers(state);
}

export function clearPointers(state: Fpu["state"]): void {
  state.set64("fpuIp", 0n);
  state.set64("fpuDp", 0n);
  state.set32("fpuOpcode", 0);
  state.set32("fpuCs", 0);
  state.set32("fpuDs", 0);
}

/** FDECSTP and FINCSTP. */
const rotate =
  (by: 1 | -1): FpuOperation =>
  (fpu) => {
    fpu.begin();
    fpu.top += by;
  };

export const controlOperations: FpuOperations = {
  init: initialize,
  clex: (fpu) => {
    fpu.status &= ~(EXCEPTION_FLAGS | SF | ES | B);
    errorsCleared(fpu.state);
  },
  "ldcw i16": (fpu) => {
    fpu.control = fpu.words[Place.operand];
  },
  "free sti": (fpu, i) => {
    fpu.begin();
    fpu.free(i);
  },
  "freep sti": (fpu, i) => {
    fpu.begin();
    fpu.free(i);
    fpu.pop();
  },
  decstp: rotate(-1),
  incstp: rotate(1),
};

/** Loads control and status words together, so that what is pending is as they say. */
export function loadWords({ state }: Fpu, control: number, status: number): void {
  const kept = (control & ControlWord.writable) | ControlWord.fixed;
  state.set32("fpuControl", kept);
  state.set32("fpuStatus", withSummary(status, kept));
  errorsCleared(state);
}
