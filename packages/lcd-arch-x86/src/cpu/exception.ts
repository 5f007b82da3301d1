/** Exception vectors (SDM 3A, "Exception and Interrupt Reference"). */
export const Vector = {
  divideError: 0,
  debug: 1,
  breakpoint: 3,
  overflow: 4,
  invalidOpcode: 6,
  doubleFault: 8,
  invalidTss: 10,
  segmentNotPresent: 11,
  stackFault: 12,
  generalProtection: 13,
  pageFault: 14,
  alignmentCheck: 17,
} as const;

/** An exception that an instruction raises while `cpu/system/` executes it; nothing has changed. */
export class GuestException extends Error {
  constructor(
    readonly vector: number,
    /** null when the exception pushes none. */
    readonly errorCode: number | null,
  ) {
    super(`exception ${vector}`);
    this.name = "GuestException";
  }
}

export const generalProtection = (): GuestException => new GuestException(Vector.generalProtection, 0);
export const invalidOpcode = (): GuestException => new GuestException(Vector.invalidOpcode, null);
