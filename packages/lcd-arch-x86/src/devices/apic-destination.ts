import { ALL_APICS } from "./apic-message";

/** Bits 31 to 28 of the destination format register: the flat model, not clusters. */
const FLAT_MODEL = 0xf;

/**
 * Whether a logical destination names an APIC (SDM 3A, "Logical Destination Mode").
 *
 * @param ldr the APIC's logical destination register
 * @param dfr its destination format register; none in an x2APIC, which is always in clusters, of 16
 */
export function isLogicalDestination(destination: number, ldr: number, dfr: number | undefined): boolean {
  if (dfr === undefined) {
    return destination === ALL_APICS || (destination >>> 16 === ldr >>> 16 && (destination & ldr & 0xffff) !== 0);
  }
  const own = ldr >>> 24;
  if (dfr >>> 28 === FLAT_MODEL) return (destination & own) !== 0;
  return destination === ALL_APICS || ((destination ^ own) >> 4 === 0 && (destination & own & 0xf) !== 0);
}
