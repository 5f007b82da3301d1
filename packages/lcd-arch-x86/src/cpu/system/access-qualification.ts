/** Exit qualification of control-register accesses (SDM 3C, table "Exit Qualification for Control-Register Accesses"). */
const AccessType = { read: 1n << 4n, clts: 2n << 4n, lmsw: 3n << 4n } as const;
const LMSW_FROM_MEMORY = 1n << 6n;

/** MOV to or from a control register; a MOV of a debug register has the same format. */
export const moveQualification = (number: number, write: boolean, gpr: number): bigint =>
  BigInt(number) | (write ? 0n : AccessType.read) | (BigInt(gpr) << 8n);

export const CLTS_QUALIFICATION = AccessType.clts;

export const lmswQualification = (source: bigint, fromMemory: boolean): bigint =>
  AccessType.lmsw | (fromMemory ? LMSW_FROM_MEMORY : 0n) | (source << 16n);
