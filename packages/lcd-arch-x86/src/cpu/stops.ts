import { Access, isCanonicalHigh } from "../mmu/index";
import { ExitReason } from "../vmx/index";
import { GuestException, Vector } from "./exception";
import { raise } from "./interrupt/raise";
import { setResume } from "./interrupt/saved-state";
import type { Site, SiteCause } from "./ir";
import { LinearAccessError } from "./linear-memory";
import type { AccessFault } from "./memory-access";
import type { Processor, RunStop } from "./processor";
import { executeSystem, requireOperation } from "./system/index";

/**
 * Goes on from a stop of translated code: registers are those at the start of the site's instruction.
 *
 * @returns "limit" when the block there has more instructions than may run; null when the processor can go on
 */
export function stopAt(p: Processor, site: Site): RunStop | "limit" | null {
  p.rip = site.rip;
  p.retired -= site.uncount;
  const { cause } = site;
  switch (cause.kind) {
    case "limit":
      if (cause.repeating) {
        setResume(p);
      }
      return "limit";
    case "memory":
      return accessFault(p, p.access.fault, cause.stack);
    case "callout":
      return raise(p, p.calloutRaised.vector, p.calloutRaised.errorCode);
    case "exception":
      return exception(p, cause);
    case "system":
      return system(p, site, cause);
    case "fetch":
      // It may be there by now: then the code is looked for anew.
      p.jumps.flushAll();
      return fetchFault(p, p.lookup.nextPage);
  }
}

/** A fetch that failed: what the walk for it says. @param address linear address */
export function fetchFault(p: Processor, address: bigint): RunStop | null {
  const low = Number(address & 0xffffffffn) | 0;
  const high = Number(address >> 32n) | 0;
  if (!isCanonicalHigh(high, p.state.low("cr4"))) {
    return raise(p, Vector.generalProtection, 0);
  }
  if (p.mmu.translate(low, high, Access.execute)) {
    return null;
  }
  return accessFault(p, { ...p.mmu.fault, address }, false);
}

/**
 * Raises what a system instruction or the delivery of an event has thrown.
 *
 * @param stack an access that has failed went through SS
 * @throws what is no fault of the guest
 */
export function serviceError(p: Processor, error: unknown, stack = false): RunStop | null {
  if (error instanceof GuestException) {
    return raise(p, error.vector, error.errorCode, error.payload);
  }
  if (error instanceof LinearAccessError) {
    return accessFault(p, error.fault, stack);
  }
  throw error;
}

function accessFault(p: Processor, fault: AccessFault, stack: boolean): RunStop | null {
  switch (fault.kind) {
    case "page-fault":
      return raise(p, Vector.pageFault, fault.errorCode, fault.address);
    case "ept-violation":
      p.vmExit(ExitReason.eptViolation, {
        qualification: BigInt(fault.qualification),
        guestPhysicalAddress: fault.gpa,
        guestLinearAddress: fault.address,
      });
      return { kind: "vm-exit" };
    case "ept-misconfiguration":
      p.vmExit(ExitReason.eptMisconfiguration, {
        guestPhysicalAddress: fault.gpa,
        guestLinearAddress: fault.address,
      });
      return { kind: "vm-exit" };
    case "non-canonical":
      return raise(p, stack ? Vector.stackFault : Vector.generalProtection, 0);
    case "self-modifying":
      return stepAlone(p);
    case "device": {
      const { rip } = p;
      return stepAlone(p) ?? p.goOnBehindDevice(rip);
    }
  }
}

/** Runs an instruction by itself that may change code and reach devices. */
function stepAlone(p: Processor): RunStop | null {
  p.access.mayModifyCode = true;
  const stop = p.stepOnce();
  p.access.mayModifyCode = false;
  return stop;
}

/** An exception that translated code has found, unless the instruction may not be executed: that comes first. */
function exception(p: Processor, { vector, errorCode, operation }: ExceptionCause): RunStop | null {
  try {
    if (operation !== undefined) {
      requireOperation(p, operation);
    }
  } catch (error) {
    return serviceError(p, error);
  }
  return raise(p, vector, errorCode);
}

function system(p: Processor, site: Site, { operation, operands, stack }: SystemCause): RunStop | null {
  try {
    const outcome = executeSystem(p, { operation, operands, length: site.length });
    if (outcome === "vm-exit") {
      return { kind: "vm-exit" };
    }
    p.retired++;
    if (outcome === "elsewhere") {
      return null;
    }
    p.rip = BigInt.asUintN(64, site.rip + BigInt(site.length));
    return outcome === "halted" ? { kind: "halted" } : null;
  } catch (error) {
    return serviceError(p, error, stack);
  }
}

type ExceptionCause = Extract<SiteCause, { kind: "exception" }>;
type SystemCause = Extract<SiteCause, { kind: "system" }>;
