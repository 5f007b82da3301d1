import { InterruptionType } from "../../vmx/exit-reason";
import { Vector } from "../exception";

/** An interrupt or exception that goes through the IDT. */
export interface InterruptEvent {
  readonly vector: number;
  /** An `InterruptionType`, as in the VMCS (SDM 3C, "Information for VM Exits Due to Vectored Events"). */
  readonly type: number;
  /** null when the event pushes none. */
  readonly errorCode: number | null;
  /** Bytes of the instruction that caused a software interrupt or exception: RIP is saved behind it. */
  readonly length: number;
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

export const hardwareException = (vector: number, errorCode: number | null): InterruptEvent => ({
  vector,
  type: InterruptionType.hardwareException,
  errorCode,
  length: 0,
});

/** INT n, INT3 and INTO: the gate's DPL counts, and error codes of faults in their delivery have EXT clear. */
export const isSoftware = ({ type }: InterruptEvent): boolean =>
  type === InterruptionType.softwareInterrupt || type === InterruptionType.softwareException;

/** Vectors of faults: those of the other hardware exceptions are traps or aborts (SDM 3A, "Exception Classifications"). */
const faults: ReadonlySet<number> = new Set([0, 5, 6, 7, 9, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21]);

/** A fault: RF is set in the flags it saves, so that returning from it does not meet an instruction breakpoint again. */
export const isFault = ({ type, vector }: Pick<InterruptEvent, "type" | "vector">): boolean =>
  type === InterruptionType.hardwareException && faults.has(vector);
