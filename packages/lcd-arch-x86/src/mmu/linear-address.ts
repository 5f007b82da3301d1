import { Cr4 } from "./control-bits";

/** Bits of a linear address in 64-bit mode, with 4-level and with 5-level paging (CR4.LA57). */
const LINEAR_BITS = { fourLevel: 48, fiveLevel: 57 } as const;

/** The widest linear addresses that this processor has: what CPUID leaf 80000008H reports. */
export const MAX_LINEAR_BITS = LINEAR_BITS.fiveLevel;

/**
 * May code use the linear address with this upper half, and any lower one? Its bits above the width that CR4 selects must
 * be copies of the highest bit within it (SDM 1, "Canonical Addressing"). Outside 64-bit mode the upper half is 0, which is.
 */
export function isCanonicalHigh(high: number, cr4: number): boolean {
  const width = (cr4 & Cr4.LA57) !== 0 ? LINEAR_BITS.fiveLevel : LINEAR_BITS.fourLevel;
  const top = high >> (width - 33);
  return top === 0 || top === -1;
}

/**
 * May a register hold this linear address? The bases of segments and descriptor tables, and the MSRs with addresses, take
 * all that are canonical in the widest paging mode, whichever is in use; so do INVPCID and INVVPID.
 */
export function isCanonical(address: bigint): boolean {
  return BigInt.asUintN(64, BigInt.asIntN(MAX_LINEAR_BITS, address)) === address;
}
