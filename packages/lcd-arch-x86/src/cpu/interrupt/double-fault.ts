import { InterruptionType } from "../../vmx/exit-reason";
import { Vector } from "../exception";
import type { InterruptEvent } from "./event";

/** Contributory exceptions (SDM 3A, table "Interrupt and Exception Classes"). */
const contributory: ReadonlySet<number> = new Set([
  Vector.divideError,
  Vector.invalidTss,
  Vector.segmentNotPresent,
  Vector.stackFault,
  Vector.generalProtection,
  Vector.controlProtection,
]);

/** What an exception during the delivery of another event becomes. */
export type Combination = "serial" | "double-fault" | "shutdown";

/**
 * Combines the event that was being delivered with the exception that happened meanwhile (SDM 3A, table "Conditions for
 * Generating a Double Fault").
 */
export function combine(first: InterruptEvent | null, second: number): Combination {
  if (first === null || first.type !== InterruptionType.hardwareException) {
    return "serial";
  }
  const severe = contributory.has(second) || second === Vector.pageFault;
  if (first.vector === Vector.doubleFault) {
    return severe ? "shutdown" : "serial";
  }
  if (first.vector === Vector.pageFault) {
    return severe ? "double-fault" : "serial";
  }
  return contributory.has(first.vector) && contributory.has(second) ? "double-fault" : "serial";
}
