import { Rflags } from "../../cpu/state";
import { EFER_SUPPORTED, Efer, MAXPHYADDR } from "../../mmu/control-bits";
import { EntryControl } from "../controls";
import type { Vmcs } from "../vmcs";
import { VmcsField as F } from "../vmcs-field";

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

/** An IA32_EFER with paging, for IA-32e mode or not: no reserved bit, LME and LMA as the mode is. */
export function isEfer(value: bigint, longMode: boolean): boolean {
  const long = BigInt(Efer.LME | Efer.LMA);
  return (value & ~BigInt(EFER_SUPPORTED)) === 0n && (value & long) === (longMode ? long : 0n);
}

/** Whether the guest is to be in IA-32e mode. */
export const isIa32e = (v: Vmcs): boolean => v.has(F.entryControls, EntryControl.ia32eModeGuest);

/** Whether the guest is to be in virtual-8086 mode. */
export const isVirtual8086 = (v: Vmcs): boolean => v.has(F.guestRflags, Rflags.VM);

/** Checks that count only in some guests. */
export const when = (condition: (v: Vmcs) => boolean, checks: readonly Check[]): readonly Check[] =>
  checks.map(([wrong, fails]) => [wrong, (v) => condition(v) && fails(v)]);
