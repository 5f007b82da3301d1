/** CR0 (SDM 3A, "Control Registers"). */
export const Cr0 = {
  PE: 1 << 0,
  MP: 1 << 1,
  EM: 1 << 2,
  TS: 1 << 3,
  ET: 1 << 4,
  NE: 1 << 5,
  WP: 1 << 16,
  AM: 1 << 18,
  NW: 1 << 29,
  CD: 1 << 30,
  PG: 1 << 31,
} as const;

/** CR4 (SDM 3A, "Control Registers"). */
export const Cr4 = {
  VME: 1 << 0,
  PVI: 1 << 1,
  TSD: 1 << 2,
  DE: 1 << 3,
  PSE: 1 << 4,
  PAE: 1 << 5,
  MCE: 1 << 6,
  PGE: 1 << 7,
  PCE: 1 << 8,
  OSFXSR: 1 << 9,
  OSXMMEXCPT: 1 << 10,
  UMIP: 1 << 11,
  LA57: 1 << 12,
  VMXE: 1 << 13,
  SMXE: 1 << 14,
  FSGSBASE: 1 << 16,
  PCIDE: 1 << 17,
  OSXSAVE: 1 << 18,
  SMEP: 1 << 20,
  SMAP: 1 << 21,
} as const;

/** CR4 bits that this processor has, as CPUID announces their features; the others are reserved. */
export const CR4_SUPPORTED = Object.values(Cr4).reduce((bits, bit) => bits | bit, 0) & ~Cr4.SMXE;

/** IA32_EFER (SDM 3A, "Extended Feature Enable Register"). */
export const Efer = { SCE: 1 << 0, LME: 1 << 8, LMA: 1 << 10, NXE: 1 << 11 } as const;

/** IA32_EFER bits that this processor has; the others are reserved. */
export const EFER_SUPPORTED = Efer.SCE | Efer.LME | Efer.LMA | Efer.NXE;

/** Physical-address width in bits: what CPUID leaf 80000008H reports, and 4-level EPT translates. */
export const MAXPHYADDR = 48;
