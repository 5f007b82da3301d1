/** Exception vectors (SDM 3A, "Exception and Interrupt Reference"). */
export const Vector = {
  divideError: 0,
  debug: 1,
  nmi: 2,
  breakpoint: 3,
  overflow: 4,
  boundRange: 5,
  invalidOpcode: 6,
  deviceNotAvailable: 7,
  doubleFault: 8,
  invalidTss: 10,
  segmentNotPresent: 11,
  stackFault: 12,
  generalProtection: 13,
  pageFault: 14,
  floatingPoint: 16,
  alignmentCheck: 17,
  simdFloatingPoint: 19,
  controlProtection: 21,
} as const;

/**
 * An exception that an instruction raises while `cpu/system/` executes it; nothing has changed. It is thrown, but no
 * `Error`: a guest may cause it all the time, and where in LCD that was is of no interest.
 */
export class GuestException {
  constructor(
    readonly vector: number,
    /** null when the exception pushes none. */
    readonly errorCode: number | null,
    /** Bits that a debug exception sets in DR6; else 0. */
    readonly payload = 0n,
  ) {}
}

export const generalProtection = (errorCode = 0): GuestException =>
  new GuestException(Vector.generalProtection, errorCode);
export const invalidTss = (errorCode: number): GuestException => new GuestException(Vector.invalidTss, errorCode);
export const notPresent = (errorCode: number): GuestException =>
  new GuestException(Vector.segmentNotPresent, errorCode);
export const stackFault = (errorCode = 0): GuestException => new GuestException(Vector.stackFault, errorCode);
export const invalidOpcode = (): GuestException => new GuestException(Vector.invalidOpcode, null);
