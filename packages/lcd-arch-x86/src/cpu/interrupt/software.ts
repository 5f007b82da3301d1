import { Vector } from "../exception";
import type { Processor } from "../processor";
import { Rflags } from "../state";
import type { Execute, Operation, SystemOutcome } from "../system/operation";
import { softwareException, softwareInterrupt } from "./event";
import { deliverSoftware } from "./raise";

/** INT n. */
const interrupt: Execute = (p, [vector], length) =>
  deliverSoftware(p, softwareInterrupt(vector, length)) ? "elsewhere" : "vm-exit";

/** INT3 and INT1; in a guest they may exit, as exceptions. */
const exception: Execute = (p, [vector], length) => raiseSoftware(p, vector, length);

/** INTO. */
const interruptOnOverflow: Execute = (p, _operands, length) =>
  (p.eflags & Rflags.OF) === 0 ? "next" : raiseSoftware(p, Vector.overflow, length);

function raiseSoftware(p: Processor, vector: number, length: number): SystemOutcome {
  const event = softwareException(vector, length);
  if (p.nonRoot && p.vmx.exits.exception(vector, 0)) {
    p.vmx.exitForException(event);
    return "vm-exit";
  }
  if (vector === Vector.debug) {
    // INT1 is a debug exception: breakpoints that MOV to SS has held back come with it.
    p.breakpoints.met = 0;
  }
  return deliverSoftware(p, event) ? "elsewhere" : "vm-exit";
}

/** INT n, INT3, INT1 and INTO (SDM 2A). */
export const softwareInterrupts: Readonly<Record<string, Operation>> = {
  interrupt: { execute: interrupt, unprivileged: true },
  softwareException: { execute: exception, unprivileged: true },
  interruptOnOverflow: { execute: interruptOnOverflow, unprivileged: true },
};
