/** IA32_APIC_BASE (SDM 3A, "Local APIC Status and Location"). */
export const ApicBase = { bsp: 1n << 8n, extended: 1n << 10n, enabled: 1n << 11n } as const;

/** Bits 10 and 11 of an x2APIC. */
const X2APIC = ApicBase.enabled | ApicBase.extended;

/** The address in IA32_APIC_BASE: of a page, in 48 bits of physical address. */
const ADDRESS = (1n << 48n) - 0x1000n;

/** Where the register page of every local APIC is after reset. */
export const LOCAL_APIC_ADDRESS = 0xfee00000;

/** IA32_APIC_BASE after reset: an xAPIC. */
export const resetApicBase = (bsp: boolean): bigint =>
  BigInt(LOCAL_APIC_ADDRESS) | ApicBase.enabled | (bsp ? ApicBase.bsp : 0n);

export const isApicEnabled = (base: bigint): boolean => (base & ApicBase.enabled) !== 0n;

export const isX2apic = (base: bigint): boolean => (base & X2APIC) === X2APIC;

/** Physical address of the register page, or -1 when the registers are not in memory. */
export const registerPage = (base: bigint): number =>
  (base & X2APIC) === ApicBase.enabled ? Number(base & ADDRESS) : -1;

/**
 * Whether `to` may be written over `from` (SDM 3A, "x2APIC State Transitions"): no reserved bit is set, and an x2APIC
 * comes from an xAPIC only and leads to a disabled one only.
 */
export function isLegalTransition(from: bigint, to: bigint): boolean {
  if ((to & ~(ADDRESS | X2APIC | ApicBase.bsp)) !== 0n) return false;
  if ((to & X2APIC) === ApicBase.extended) return false;
  return isX2apic(from) ? isX2apic(to) || !isApicEnabled(to) : !isX2apic(to) || isApicEnabled(from);
}
