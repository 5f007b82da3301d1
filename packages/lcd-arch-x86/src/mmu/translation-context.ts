import { type CpuState, Rflags, StateOffset } from "../cpu/state";
import { Access } from "./access";
import { Cr0, Cr4, Efer } from "./control-bits";
import { PageFlag } from "./paging-entry";
import { PagingMode, pagingMode } from "./paging-mode";

/** Where the registers that paging uses are among the 32-bit words of the state; of those with 64 bits, the low half. */
export const RegisterWord = {
  cr0: StateOffset.cr0 >>> 2,
  cr3: StateOffset.cr3 >>> 2,
  cr4: StateOffset.cr4 >>> 2,
  efer: StateOffset.efer >>> 2,
  eptp: StateOffset.eptp >>> 2,
  vpid: StateOffset.vpid >>> 2,
  pdpte: StateOffset.pdpte >>> 2,
  cpl: StateOffset.cpl >>> 2,
  systemFlags: StateOffset.systemFlags >>> 2,
  nonRoot: StateOffset.nonRoot >>> 2,
} as const;

/** Bits of a translation context, above the PagingMode in bits 2:0. */
export const Context = {
  mode: 7,
  /** Execute-disable is in use: EFER.NXE, in the modes that have it. */
  executeDisable: 1 << 3,
  /** A user-mode access. */
  user: 1 << 4,
  /** A supervisor may not write what is read-only: CR0.WP. */
  writeProtect: 1 << 5,
  /** A supervisor may not execute at user-mode addresses: CR4.SMEP. */
  smep: 1 << 6,
  /** A supervisor may not use data at user-mode addresses: CR4.SMAP, unless RFLAGS.AC overrides it. */
  smap: 1 << 7,
  /** CR4.PGE. */
  globalPages: 1 << 8,
} as const;

/**
 * All that a translation depends on besides tables and where their root is, in one number.
 *
 * @param implicit the accesses are implicit supervisor-mode accesses, to descriptor tables or a TSS: CPL and RFLAGS.AC do
 *   not count (SDM 3A, "Determination of Access Rights")
 */
export function translationContext({ u32 }: CpuState, implicit = false): number {
  const cr0 = u32[RegisterWord.cr0];
  const cr4 = u32[RegisterWord.cr4];
  const efer = u32[RegisterWord.efer];
  const mode = pagingMode(cr0, cr4, efer);
  if (mode === PagingMode.none) return mode;
  let context: number = mode;
  if ((efer & Efer.NXE) !== 0 && mode >= PagingMode.pae) context |= Context.executeDisable;
  if ((cr4 & Cr4.SMEP) !== 0) context |= Context.smep;
  if ((cr4 & Cr4.PGE) !== 0) context |= Context.globalPages;
  if (!implicit && u32[RegisterWord.cpl] === 3) return context | Context.user;
  if ((cr0 & Cr0.WP) !== 0) context |= Context.writeProtect;
  const overridden = !implicit && (u32[RegisterWord.systemFlags] & Rflags.AC) !== 0;
  return (cr4 & Cr4.SMAP) !== 0 && !overridden ? context | Context.smap : context;
}

/**
 * May an access go ahead? (SDM 3A, "Determination of Access Rights")
 *
 * @param allow AND of the entries' R/W and U/S flags
 * @param deny OR of their execute-disable flags
 */
export function permits(context: number, access: Access, allow: number, deny: number): boolean {
  const userPage = (allow & PageFlag.user) !== 0;
  if ((context & Context.user) !== 0) {
    if (!userPage) return false;
    if (access === Access.write) return (allow & PageFlag.writable) !== 0;
    return access === Access.read || deny === 0;
  }
  if (access === Access.execute) return deny === 0 && !(userPage && (context & Context.smep) !== 0);
  if (userPage && (context & Context.smap) !== 0) return false;
  return access === Access.read || (allow & PageFlag.writable) !== 0 || (context & Context.writeProtect) === 0;
}
