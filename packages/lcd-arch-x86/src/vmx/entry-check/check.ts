import { EFER_SUPPORTED, Efer, MAXPHYADDR } from "../../mmu/control-bits";
import type { Vmcs } from "../vmcs";

/** One check of VM entry: what is wrong when `fails` says so. */
export type Check = readonly [wrong: string, fails: (vmcs: Vmcs) => boolean];

/** The first check that fails, in words; null when all pass. */
export function firstFailure(checks: readonly Check[], vmcs: Vmcs): string | null {
  for (const [wrong, fails] of checks) if (fails(vmcs)) return wrong;
  return null;
}

/** Has a physical address no bit beyond the processor's width? */
export function isPhysical(address: bigint): boolean {
  return address >> BigInt(MAXPHYADDR) === 0n;
}

/** A physical address that may be that of a 4 KiB structure. */
export function isFrame(address: bigint): boolean {
  return (address & 0xfffn) === 0n && isPhysical(address);
}

/** Does each byte name a memory type: UC, WC, WT, WP, WB or UC-? */
export function isPat(value: bigint): boolean {
  return isHalfPat(Number(BigInt.asUintN(32, value))) && isHalfPat(Number(value >> 32n));
}

function isHalfPat(half: number): boolean {
  for (let shift = 0; shift < 32; shift += 8) {
    const type = (half >>> shift) & 0xff;
    if (type > 7 || type === 2 || type === 3) return false;
  }
  return true;
}

/** An IA32_EFER for IA-32e mode: no reserved bit, LME and LMA set. */
export function isLongModeEfer(value: bigint): boolean {
  const long = BigInt(Efer.LME | Efer.LMA);
  return (value & ~BigInt(EFER_SUPPORTED)) === 0n && (value & long) === long;
}
