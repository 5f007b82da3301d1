/** Kinds of memory access by linear address. */
export const Access = { read: 0, write: 1, execute: 2 } as const;
export type Access = (typeof Access)[keyof typeof Access];

/** Error code of a page fault (SDM 3A, "Page-Fault Exceptions"). */
export const PageFaultError = {
  present: 1 << 0,
  write: 1 << 1,
  user: 1 << 2,
  reserved: 1 << 3,
  fetch: 1 << 4,
} as const;

/** Exit qualification of an EPT violation (SDM 3C, "Exit Qualification for EPT Violations"). */
export const EptViolation = {
  read: 1 << 0,
  write: 1 << 1,
  fetch: 1 << 2,
  /** What all EPT entries used for the translation together allow. */
  readable: 1 << 3,
  writable: 1 << 4,
  executable: 1 << 5,
  /** The guest-linear address field is valid. */
  linearValid: 1 << 7,
  /** The access was to the final translation, not to a guest paging structure. */
  finalTranslation: 1 << 8,
} as const;

/** Why a linear address could not be used. */
export type MmuFault =
  | { readonly kind: "page-fault"; readonly errorCode: number }
  | { readonly kind: "ept-violation"; readonly qualification: number; readonly gpa: bigint }
  | { readonly kind: "ept-misconfiguration"; readonly gpa: bigint };
