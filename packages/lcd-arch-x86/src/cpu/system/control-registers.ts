import { CR4_SUPPORTED, Cr0, Cr4, Efer, MAXPHYADDR } from "../../mmu/control-bits";
import { generalProtection, invalidOpcode } from "../exception";
import type { Processor } from "../processor";

const bit = (value: number): bigint => BigInt.asUintN(32, BigInt(value));

/** CR0 bits that exist; ET is always 1. */
const CR0_BITS = bit(Cr0.PE | Cr0.MP | Cr0.EM | Cr0.TS | Cr0.ET | Cr0.NE | Cr0.WP | Cr0.AM | Cr0.NW | Cr0.CD | Cr0.PG);

/** MOV to CR0 (SDM 3A, "Control Registers"). @throws GuestException */
export function writeCr0(p: Processor, value: bigint): void {
  const { state } = p;
  const next = (value & CR0_BITS) | bit(Cr0.ET);
  const pages = (next & bit(Cr0.PG)) !== 0n;
  const wrong =
    value >> 32n !== 0n ||
    (pages && (next & bit(Cr0.PE)) === 0n) ||
    ((next & bit(Cr0.NW)) !== 0n && (next & bit(Cr0.CD)) === 0n) ||
    // Leaving paging in 64-bit code is not possible.
    (!pages && (state.get64("efer") & BigInt(Efer.LMA)) !== 0n) ||
    !p.vmx.cr0Allowed(next);
  if (wrong) {
    throw generalProtection();
  }
  state.set64("cr0", next);
  p.tlb.flushCurrent();
  p.addressSpaceChanged();
}

/** MOV to CR3: drops the address space's translations. @throws GuestException for reserved bits */
export function writeCr3(p: Processor, value: bigint): void {
  if (value >> BigInt(MAXPHYADDR) !== 0n) {
    throw generalProtection();
  }
  p.state.set64("cr3", value);
  p.addressSpaceChanged();
  p.tlb.flushCurrent();
}

/** MOV to CR4. @throws GuestException for bits that the processor does not have, or that the mode needs */
export function writeCr4(p: Processor, value: bigint): void {
  const longMode = (p.state.get64("efer") & BigInt(Efer.LMA)) !== 0n;
  const wrong =
    (value & ~bit(CR4_SUPPORTED)) !== 0n || (longMode && (value & bit(Cr4.PAE)) === 0n) || !p.vmx.cr4Allowed(value);
  if (wrong) {
    throw generalProtection();
  }
  p.state.set64("cr4", value);
  p.tlb.flushCurrent();
  p.addressSpaceChanged();
}

/** MOV to CR8: the task priority, 0 to 15. @throws GuestException */
export function writeCr8(p: Processor, value: bigint): void {
  if (value > 15n) {
    throw generalProtection();
  }
  p.state.set64("cr8", value);
}

/** A control register by number, as MOV reads it. @throws GuestException #UD for those that do not exist */
export function readControlRegister(p: Processor, number: number): bigint {
  const { state } = p;
  const guest = state.get32("nonRoot") !== 0;
  switch (number) {
    case 0:
      return guest ? p.vmx.exits.cr0Seen(state.get64("cr0")) : state.get64("cr0");
    case 2:
      return state.get64("cr2");
    case 3:
      return state.get64("cr3");
    case 4:
      return guest ? p.vmx.exits.cr4Seen(state.get64("cr4")) : state.get64("cr4");
    case 8:
      return state.get64("cr8");
    default:
      throw invalidOpcode();
  }
}

/** MOV to a control register by number; a guest keeps the bits that its host owns. @throws GuestException */
export function writeControlRegister(p: Processor, number: number, value: bigint): void {
  const { state } = p;
  const guest = state.get32("nonRoot") !== 0;
  switch (number) {
    case 0:
      writeCr0(p, guest ? p.vmx.exits.cr0Written(state.get64("cr0"), value) : value);
      break;
    case 2:
      state.set64("cr2", value);
      break;
    case 3:
      writeCr3(p, value);
      break;
    case 4:
      writeCr4(p, guest ? p.vmx.exits.cr4Written(state.get64("cr4"), value) : value);
      break;
    case 8:
      writeCr8(p, value);
      break;
    default:
      throw invalidOpcode();
  }
}

/** Whether a guest's access to a control register causes a VM exit (SDM 3C, "Instructions That Cause VM Exits"). */
export function controlRegisterExits(p: Processor, number: number, write: boolean, value: bigint): boolean {
  const { exits } = p.vmx;
  switch (number) {
    case 0:
      return write && exits.cr0Write(value);
    case 3:
      return write ? exits.cr3Write(value) : exits.cr3Read();
    case 4:
      return write && exits.cr4Write(value);
    case 8:
      return write ? exits.cr8Write() : exits.cr8Read();
    default:
      return false;
  }
}
