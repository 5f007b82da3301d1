import type { CpuState } from "../state";
import { StatusWord } from "./words";

/**
 * The pins that tell of x87 errors while CR0.NE does not make exceptions of them, as bits of the state's `fpuErrorPins`
 * (SDM 1, appendix D, "MS-DOS Compatibility Sub-mode"). FERR# is asserted by the instruction that would have to wait.
 */
export const ErrorPins = {
  /** Bit 0, at which translated code looks: a pending error stops waiting instructions. Not while IGNNE# is asserted. */
  stops: 1 << 0,
  /** They are connected. When not, it is as if IGNNE# was asserted all the time: errors do nothing. */
  connected: 1 << 1,
  /** FERR#. */
  error: 1 << 2,
} as const;

export const connectErrorPins = (state: CpuState): void =>
  state.set32("fpuErrorPins", ErrorPins.connected | ErrorPins.stops);

/** Asserts FERR#. @returns whether it was not asserted before */
export function assertError(state: CpuState): boolean {
  const pins = state.get32("fpuErrorPins");
  state.set32("fpuErrorPins", pins | ErrorPins.error);
  return (pins & ErrorPins.error) === 0;
}

/** Asserts IGNNE#, unless FERR# is not: then it cannot be. */
export function ignoreError(state: CpuState): void {
  const pins = state.get32("fpuErrorPins");
  if ((pins & ErrorPins.error) !== 0) {
    state.set32("fpuErrorPins", pins & ~ErrorPins.stops);
  }
}

/** To be called when the status word may have got less errors: with the last one FERR# goes, and IGNNE# with it. */
export function errorsCleared(state: CpuState): void {
  if (state.get32("fpuErrorPins") !== 0 && (state.get32("fpuStatus") & StatusWord.ES) === 0) {
    connectErrorPins(state);
  }
}
