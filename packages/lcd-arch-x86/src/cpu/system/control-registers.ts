import { CR4_SUPPORTED, Cr0, Cr4, Efer, MAXPHYADDR } from "../../mmu/control-bits";
import { PagingMode, pagingMode } from "../../mmu/paging-mode";
import { Rights } from "../../vmx/segments";
import { generalProtection, invalidOpcode } from "../exception";
import { LinearAccessError } from "../linear-memory";
import type { Processor } from "../processor";
import { Segment } from "../state";

const unsigned = (bits: number): bigint => BigInt.asUintN(32, BigInt(bits));

/** CR0 bits that exist; ET is always 1. */
const CR0_BITS = unsigned(
  Cr0.PE | Cr0.MP | Cr0.EM | Cr0.TS | Cr0.ET | Cr0.NE | Cr0.WP | Cr0.AM | Cr0.NW | Cr0.CD | Cr0.PG,
);

/** A register before and after a write: judged before anything changes. */
interface Change {
  readonly p: Processor;
  readonly old: number;
  readonly next: number;
}

/** Refuses a write: #GP(0). */
type Refusal = (change: Change) => boolean;

const sets = ({ old, next }: Change, bit: number): boolean => (next & ~old & bit) !== 0;
const clears = ({ old, next }: Change, bit: number): boolean => (old & ~next & bit) !== 0;
const changes = ({ old, next }: Change, bits: number): boolean => ((old ^ next) & bits) !== 0;
const hasEfer = ({ p }: Change, bit: number): boolean => (p.state.low("efer") & bit) !== 0;
const startsLongMode = (change: Change): boolean => sets(change, Cr0.PG) && hasEfer(change, Efer.LME);

/** Types of 16-bit task-state segments, available and busy. */
const TSS16: readonly number[] = [1, 3];

/** SDM 2B, "MOV (control registers)"; SDM 3A, "Paging-Mode Enabling", "Initializing IA-32e Mode". */
const cr0Refusals: readonly Refusal[] = [
  // Paging needs protection, and "not write-through" needs "cache disable".
  ({ next }) => (next & Cr0.PG) !== 0 && (next & Cr0.PE) === 0,
  ({ next }) => (next & Cr0.NW) !== 0 && (next & Cr0.CD) === 0,
  // 64-bit mode is not left by turning paging off; with PCIDs nothing leaves long mode.
  (change) => clears(change, Cr0.PG) && hasEfer(change, Efer.LMA) && (rightsOf(change, Segment.cs) & Rights.long) !== 0,
  (change) => clears(change, Cr0.PG) && (change.p.state.low("cr4") & Cr4.PCIDE) !== 0,
  // Long mode starts with CR4.PAE, outside a 64-bit code segment, and without a 16-bit TSS.
  (change) => startsLongMode(change) && (change.p.state.low("cr4") & Cr4.PAE) === 0,
  (change) => startsLongMode(change) && (rightsOf(change, Segment.cs) & Rights.long) !== 0,
  (change) => startsLongMode(change) && TSS16.includes(rightsOf(change, Segment.tr) & (Rights.type | Rights.unusable)),
  ({ p, next }) => !p.vmx.cr0Allowed(unsigned(next)),
];

function rightsOf({ p }: Change, segment: number): number {
  return p.state.get32("segmentRights", segment);
}

/** Bits whose change loads the PDPTE registers, if PAE paging is in use behind it (SDM 3A, "PDPTE Registers"). */
const CR0_LOADS_PDPTES = Cr0.CD | Cr0.NW | Cr0.PG;
const CR4_LOADS_PDPTES = Cr4.PAE | Cr4.PGE | Cr4.PSE | Cr4.SMEP;

/** MOV to CR0 (SDM 3A, "Control Registers"). @throws GuestException; LinearAccessError */
export function writeCr0(p: Processor, value: bigint): void {
  const { state } = p;
  const change: Change = { p, old: state.low("cr0") | 0, next: Number((value & CR0_BITS) | BigInt(Cr0.ET)) | 0 };
  if (value >> 32n !== 0n || cr0Refusals.some((refuses) => refuses(change))) {
    throw generalProtection();
  }
  const efer = eferWith(change);
  if (changes(change, CR0_LOADS_PDPTES)) {
    loadPdptes(p, change.next, state.low("cr4"), efer, state.low("cr3"));
  }
  if (clears(change, Cr0.PG)) {
    p.tlb.flushPcids("all");
  }
  state.set64("cr0", unsigned(change.next));
  state.set64("efer", unsigned(efer));
  p.addressSpaceChanged();
}

/** IA32_EFER.LMA follows paging while LME is set. */
function eferWith(change: Change): number {
  const efer = change.p.state.low("efer");
  if (!changes(change, Cr0.PG)) {
    return efer;
  }
  return startsLongMode(change) ? efer | Efer.LMA : efer & ~Efer.LMA;
}

/** In the source operand of MOV to CR3 with PCIDs: nothing is to be dropped. */
const KEEP_TRANSLATIONS = 1n << 63n;

/**
 * MOV to CR3: drops the translations of the PCID that it names, but for global ones, unless bit 63 asks otherwise.
 *
 * @throws GuestException for reserved bits, in it or in PDPTEs; LinearAccessError
 */
export function writeCr3(p: Processor, value: bigint): void {
  const { state } = p;
  const cr4 = state.low("cr4");
  const usesPcids = (cr4 & Cr4.PCIDE) !== 0;
  const keeps = usesPcids && (value & KEEP_TRANSLATIONS) !== 0n;
  const next = keeps ? value & ~KEEP_TRANSLATIONS : value;
  if (next >> BigInt(MAXPHYADDR) !== 0n) {
    throw generalProtection();
  }
  const low = Number(BigInt.asUintN(32, next));
  loadPdptes(p, state.low("cr0"), cr4, state.low("efer"), low);
  state.set64("cr3", next);
  if (!keeps) {
    p.tlb.flushPcid(usesPcids ? low & 0xfff : 0, "local");
  }
  p.addressSpaceChanged();
}

/** SDM 2B, "MOV (control registers)"; SDM 3A, "Paging-Mode Enabling". */
const cr4Refusals: readonly Refusal[] = [
  ({ next }) => (next & ~CR4_SUPPORTED) !== 0,
  (change) => hasEfer(change, Efer.LMA) && (clears(change, Cr4.PAE) || changes(change, Cr4.LA57)),
  (change) => sets(change, Cr4.PCIDE) && (!hasEfer(change, Efer.LMA) || (change.p.state.low("cr3") & 0xfff) !== 0),
  ({ p, next }) => !p.vmx.cr4Allowed(unsigned(next)),
];

/** MOV to CR4. @throws GuestException for bits that the processor does not have, or that the mode needs; LinearAccessError */
export function writeCr4(p: Processor, value: bigint): void {
  const { state } = p;
  const change: Change = { p, old: state.low("cr4") | 0, next: Number(BigInt.asUintN(32, value)) | 0 };
  if (value >> 32n !== 0n || cr4Refusals.some((refuses) => refuses(change))) {
    throw generalProtection();
  }
  if (changes(change, CR4_LOADS_PDPTES)) {
    loadPdptes(p, state.low("cr0"), change.next, state.low("efer"), state.low("cr3"));
  }
  if (changes(change, Cr4.PGE) || clears(change, Cr4.PCIDE)) {
    p.tlb.flushPcids("all");
  } else if (changes(change, Cr4.PAE) || sets(change, Cr4.SMEP)) {
    p.tlb.flushPcid((change.old & Cr4.PCIDE) !== 0 ? state.low("cr3") & 0xfff : 0, "all");
  }
  state.set64("cr4", unsigned(change.next));
  p.addressSpaceChanged();
}

/** Loads the PDPTE registers if these registers select PAE paging. @throws GuestException; LinearAccessError, both without effect */
function loadPdptes(p: Processor, cr0: number, cr4: number, efer: number, cr3: number): void {
  if (pagingMode(cr0, cr4, efer) !== PagingMode.pae) {
    return;
  }
  switch (p.mmu.loadPdptes(cr3)) {
    case "loaded":
      p.tlb.flushPcid(0, "local");
      break;
    case "reserved":
      throw generalProtection();
    case "fault":
      throw new LinearAccessError({ ...p.mmu.fault, address: 0n });
  }
}

/** MOV to CR8: the task priority, 0 to 15. @throws GuestException */
export function writeCr8(p: Processor, value: bigint): void {
  if (value > 15n) {
    throw generalProtection();
  }
  p.state.set64("cr8", value);
  if (p.localApic !== null) {
    p.localApic.taskPriority = Number(value);
  }
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
      return p.localApic === null ? state.get64("cr8") : BigInt(p.localApic.taskPriority);
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
