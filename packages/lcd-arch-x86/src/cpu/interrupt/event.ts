import { InterruptionType } from "../../vmx/exit-reason";
import { Vector } from "../exception";
import { Rflags } from "../state";
import { Dr6 } from "./debug";

/** An interrupt or exception that goes through the IDT. */
export interface InterruptEvent {
  readonly vector: number;
  /** An `InterruptionType`, as in the VMCS (SDM 3C, "Information for VM Exits Due to Vectored Events"). */
  readonly type: number;
  /** null when the event pushes none. */
  readonly errorCode: number | null;
  /** Bytes of the instruction that caused a software interrupt or exception: RIP is saved behind it. */
  readonly length: number;
  /** Of a debug exception: general detect, a fault; its other causes are traps or instruction breakpoints. */
  readonly generalDetect?: boolean;
  /** A VM entry has injected it. */
  readonly injected?: boolean;
}

export const externalInterrupt = (vector: number): InterruptEvent => ({
  vector,
  type: InterruptionType.externalInterrupt,
  errorCode: null,
  length: 0,
});

/** The non-maskable interrupt. */
export const NMI_EVENT: InterruptEvent = {
  vector: Vector.nmi,
  type: InterruptionType.nmi,
  errorCode: null,
  length: 0,
};

/** INT n. */
export const softwareInterrupt = (vector: number, length: number): InterruptEvent => ({
  vector,
  type: InterruptionType.softwareInterrupt,
  errorCode: null,
  length,
});

/** INT3, INTO and INT1: exceptions, but their instruction is over when they are delivered. */
export const softwareException = (vector: number, length: number): InterruptEvent => ({
  vector,
  type: vector === Vector.debug ? InterruptionType.privilegedSoftwareException : InterruptionType.softwareException,
  errorCode: null,
  length,
});

/** @param payload bits for DR6 of a debug exception */
export const hardwareException = (vector: number, errorCode: number | null, payload = 0n): InterruptEvent => ({
  vector,
  type: InterruptionType.hardwareException,
  errorCode,
  length: 0,
  generalDetect: isGeneralDetect(vector, payload),
});

export const isGeneralDetect = (vector: number, payload: bigint): boolean =>
  vector === Vector.debug && (payload & Dr6.access) !== 0n;

/** INT n, INT3 and INTO: the gate's DPL counts, and error codes of faults in their delivery have EXT clear. */
export const isSoftware = ({ type }: InterruptEvent): boolean =>
  type === InterruptionType.softwareInterrupt || type === InterruptionType.softwareException;

/** Vectors of faults: those of other hardware exceptions are traps or aborts, #DB is both (SDM 3A, "Exception Classifications"). */
const faults: ReadonlySet<number> = new Set([0, 5, 6, 7, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21]);

/** INT n, INT3, INTO and INT1. */
const instructions: ReadonlySet<number> = new Set([
  InterruptionType.softwareInterrupt,
  InterruptionType.softwareException,
  InterruptionType.privilegedSoftwareException,
]);

/**
 * RFLAGS as an event saves them: with RF for a fault, so that returning from it meets no instruction breakpoint again,
 * without for an instruction that is an interrupt, which has begun by clearing it (SDM 3B, "Instruction-Breakpoint
 * Exception Condition"). What a VM entry injects leaves it to the host (SDM 3C, "Details of Vectored-Event Injection").
 */
export function flagsSavedBy(
  event: Pick<InterruptEvent, "type" | "vector" | "generalDetect" | "injected">,
  flags: number,
): number {
  const { type, vector, generalDetect = false, injected = false } = event;
  if (injected) {
    return flags;
  }
  if (type === InterruptionType.hardwareException && (faults.has(vector) || generalDetect)) {
    return flags | Rflags.RF;
  }
  return instructions.has(type) ? flags & ~Rflags.RF : flags;
}
