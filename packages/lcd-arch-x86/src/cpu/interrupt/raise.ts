import { ExitReason, InterruptionType } from "../../vmx/exit-reason";
import { GuestException, Vector } from "../exception";
import type { Processor, RunStop } from "../processor";
import { recordDebugException } from "./debug";
import { combine } from "./double-fault";
import { enterHandler } from "./enter-handler";
import { hardwareException, type InterruptEvent, isSoftware } from "./event";
import { tellsErrorsOutside, waitForErrorInterrupt } from "./numeric-error";
import { Blocking } from "./shadow";
import { watch } from "./watch";

/** Vectors whose error code holds a selector or 0, with EXT in bit 0 (SDM 3A, "Error Code"). */
const hasExternalBit = (vector: number): boolean => vector >= Vector.invalidTss && vector <= Vector.generalProtection;
const EXTERNAL = 1;

/**
 * An exception at RIP (SDM 3A, "Interrupt and Exception Handling"): a VM exit when the host of a guest wants it, else
 * delivered through the IDT; in VMX root operation only if the processor `deliversExceptions`.
 *
 * @param payload the linear address of a page fault, bits for DR6 of a debug exception; else 0
 * @returns null when the processor is in the handler
 */
export function raise(p: Processor, vector: number, errorCode: number | null, payload = 0n): RunStop | null {
  if (vector === Vector.floatingPoint && tellsErrorsOutside(p)) {
    return waitForErrorInterrupt(p);
  }
  const during = p.delivering;
  const external = during !== null && !isSoftware(during) && hasExternalBit(vector);
  const code = external && errorCode !== null ? errorCode | EXTERNAL : errorCode;
  const event = hardwareException(vector, code, payload);
  if (exits(p, event)) {
    p.vmx.exitForException(event, payload);
    return { kind: "vm-exit" };
  }
  // An instruction or a delivery that ends in a fault has met no data breakpoints: they are traps.
  p.breakpoints.met = 0;
  if (vector === Vector.pageFault) {
    p.state.set64("cr2", payload);
  }
  if (!p.nonRoot && !p.deliversExceptions) {
    p.delivering = null;
    return { kind: "exception", vector, errorCode: code };
  }
  switch (combine(during, vector)) {
    case "serial":
      if (vector === Vector.debug) {
        recordDebugException(p, payload);
      }
      return deliver(p, event);
    case "double-fault":
      return raiseDoubleFault(p);
    case "shutdown":
      return shutDown(p);
  }
}

const DOUBLE_FAULT = hardwareException(Vector.doubleFault, 0);

/**
 * A VM exit that it causes does not count as one during the delivery of the first event (SDM 3C, "Information for VM
 * Exits That Occur During Event Delivery").
 */
function raiseDoubleFault(p: Processor): RunStop | null {
  p.delivering = null;
  if (exits(p, DOUBLE_FAULT)) {
    p.vmx.exitForException(DOUBLE_FAULT);
    return { kind: "vm-exit" };
  }
  return deliver(p, DOUBLE_FAULT);
}

const exits = (p: Processor, { vector, errorCode }: InterruptEvent): boolean =>
  p.nonRoot && p.vmx.exits.exception(vector, errorCode ?? 0);

/**
 * Delivers an event at an instruction boundary, through the IDT. A fault on the way is raised in its place.
 *
 * @returns null when the processor is in a handler
 */
export function deliver(p: Processor, event: InterruptEvent): RunStop | null {
  try {
    return enter(p, event, false) ? null : { kind: "vm-exit" };
  } catch (error) {
    return p.serviceError(error);
  }
}

/**
 * Delivers the software interrupt or exception that the instruction at RIP is.
 *
 * @returns false when the processor has left a guest instead
 * @throws GuestException, LinearAccessError for a fault on the way; a GuestException of its own vector, in VMX root
 *   operation, from a processor that does not deliver exceptions
 */
export function deliverSoftware(p: Processor, event: InterruptEvent): boolean {
  if (!p.nonRoot && !p.deliversExceptions) {
    throw new GuestException(event.vector, event.errorCode);
  }
  return enter(p, event, true);
}

function enter(p: Processor, event: InterruptEvent, retires: boolean): boolean {
  p.delivering = event;
  watch(p);
  if (event.type === InterruptionType.nmi) {
    p.interruptibility |= Blocking.byNmi;
  }
  if (!enterHandler(p, event)) {
    return false;
  }
  p.eventDelivered(retires);
  return true;
}

/** A third fault: the processor shuts down, or the guest's host is told. */
function shutDown(p: Processor): RunStop {
  p.delivering = null;
  if (p.nonRoot) {
    p.vmExit(ExitReason.tripleFault);
    return { kind: "vm-exit" };
  }
  return { kind: "shutdown" };
}

/** Delivers what is due before the next instruction: the event that a VM entry injects, then a debug exception. */
export function deliverPending(p: Processor): RunStop | null {
  const { injected } = p;
  if (injected !== null) {
    p.injected = null;
    return deliver(p, injected);
  }
  const cause = p.pendingDebug;
  p.pendingDebug = 0n;
  return raise(p, Vector.debug, null, cause);
}
