import { StateOffset } from "./state";

/**
 * Where each field is among `CpuState.u32`, of a 64-bit field its low half: for paths that run for every system call,
 * interrupt and access of the processor's own. A name that is known here costs nothing when it runs.
 */
export const StateWord = Object.fromEntries(
  Object.entries(StateOffset).map(([field, offset]) => [field, offset >>> 2]),
) as typeof StateOffset;
