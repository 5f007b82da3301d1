import { __hpa } from "../address";
import { generalProtection } from "../cpu/exception";
import type { InterruptEvent } from "../cpu/interrupt/event";
import { CpuState, Segment, STATE_SIZE } from "../cpu/state";
import { PhysicalMemory } from "../machine/physical-memory";
import { Cr0, Cr4, Efer } from "../mmu/control-bits";
import type { PdpteLoad } from "../mmu/index";
import type { VmxProcessorPort } from "./processor-port";
import { VmcsField as F, type VmcsField } from "./vmcs-field";
import { NO_VMCS, Vmx } from "./vmx";

/** Where the test host has its VMXON region and two VMCS regions. */
export const VMXON_REGION = 0x1000n;
export const VMCS_A = 0x2000n;
export const VMCS_B = 0x3000n;

/** The revision identifier that IA32_VMX_BASIC reports. */
export const REVISION = 0x004c_4344;

/** A 64-bit kernel at CPL 0 on a processor that runs nothing: what VMX needs of one, and a log of what it was told. */
export class TestHost implements VmxProcessorPort {
  readonly state = new CpuState(new ArrayBuffer(STATE_SIZE), 0);
  readonly memory = new PhysicalMemory(new ArrayBuffer(0x8000), 0, 0x8000, () => {});
  rflags = 2n;
  interruptibility = 0;
  delivering: InterruptEvent | null = null;
  injected: InterruptEvent | null = null;
  pendingDebug = 0n;
  readonly breakpoints = { met: 0 };
  /** What becomes of loading the PDPTE registers. */
  pdptes: PdpteLoad = "loaded";
  readonly mmu = { loadPdptes: (): PdpteLoad => this.pdptes };
  time = 1000;
  deadline = Number.POSITIVE_INFINITY;
  exitsAtInterruptWindow = false;
  /** The MSRs that there are. */
  readonly msrs = new Map<number, bigint>();
  readonly log: string[] = [];
  readonly vmx: Vmx;

  constructor() {
    const { state } = this;
    state.set64("cr0", BigInt.asUintN(32, BigInt(Cr0.PE | Cr0.ET | Cr0.NE | Cr0.WP | Cr0.PG)));
    state.set64("cr3", 0x7000n);
    state.set64("cr4", BigInt(Cr4.PAE | Cr4.VMXE));
    state.set64("efer", BigInt(Efer.LME | Efer.LMA | Efer.NXE));
    state.set64("featureControl", 5n);
    state.set32("segmentSelector", 0x10, Segment.cs);
    state.set32("segmentRights", 0xa09b, Segment.cs);
    for (const region of [VMXON_REGION, VMCS_A, VMCS_B]) this.memory.writeU32(__hpa(region), REVISION);
    this.vmx = new Vmx(this);
  }

  readMsr(index: number): bigint {
    const value = this.msrs.get(index);
    if (value === undefined) throw generalProtection();
    return value;
  }

  writeMsr(index: number, value: bigint): void {
    this.readMsr(index);
    this.msrs.set(index, value);
  }

  shutDown(): void {
    this.log.push("shutdown");
  }

  addressSpaceChanged(): void {
    this.log.push("address space");
  }

  invalidateEpt(eptp: bigint | null): void {
    this.log.push(`ept ${eptp?.toString(16) ?? "all"}`);
  }

  invalidateVpid(vpid: number | null, address: bigint | null): void {
    this.log.push(`vpid ${vpid ?? "all"} ${address?.toString(16) ?? "all"}`);
  }

  /** CF and ZF: "" after VMsucceed, "CF" after VMfailInvalid, "ZF" after VMfailValid. */
  get flags(): string {
    return [this.rflags & 1n ? "CF" : "", this.rflags & 0x40n ? "ZF" : ""].join("");
  }

  /** In VMX operation with VMCS A current, filled so that a VM entry succeeds. */
  ready(): this {
    this.vmx.vmxon(VMXON_REGION);
    this.vmx.vmclear(VMCS_A);
    this.vmx.vmptrld(VMCS_A);
    for (const [field, value] of validFields) this.vmx.vmwrite(field, value);
    return this;
  }

  /** Reads a field that exists. */
  field(field: VmcsField): bigint {
    const value = this.vmx.vmread(field);
    if (typeof value === "number") throw new Error(`VMREAD ${field.toString(16)} failed with ${value}`);
    return value;
  }
}

/** A 64-bit guest at CPL 0 and a 64-bit host, by the rules of SDM 3C, "VM Entries". */
export const validFields: readonly (readonly [VmcsField, bigint])[] = [
  // Default1 bits, external-interrupt and NMI exiting; HLT exiting; 64-bit host; IA-32e mode guest.
  [F.pinBasedControls, 0x1fn],
  [F.processorControls, 0x0401_e1f2n],
  [F.exitControls, 0x0003_6fffn],
  [F.entryControls, 0x0000_13ffn],
  [F.vmcsLinkPointer, NO_VMCS],
  [F.hostCr0, 0x8000_0031n],
  [F.hostCr3, 0x7000n],
  [F.hostCr4, 0x2020n],
  [F.hostCsSelector, 0x10n],
  [F.hostSsSelector, 0x18n],
  [F.hostTrSelector, 0x40n],
  [F.hostFsBase, 0x1111n],
  [F.hostGsBase, 0xffff_8880_0000_2222n],
  [F.hostTrBase, 0x3333n],
  [F.hostGdtrBase, 0x4444n],
  [F.hostIdtrBase, 0x5555n],
  [F.hostRsp, 0xffff_8880_0000_6000n],
  [F.hostRip, 0xffff_ffff_8100_0000n],
  [F.guestCr0, 0x8001_0031n],
  [F.guestCr3, 0x10_0000n],
  [F.guestCr4, 0x2020n],
  [F.guestCsSelector, 0x10n],
  [F.guestSsSelector, 0x18n],
  [F.guestTrSelector, 0x20n],
  [F.guestCsRights, 0xa09bn],
  [F.guestSsRights, 0xc093n],
  [F.guestTrRights, 0x8bn],
  [F.guestDsRights, 0x1_0000n],
  [F.guestEsRights, 0x1_0000n],
  [F.guestFsRights, 0xc093n],
  [F.guestGsRights, 0xc093n],
  [F.guestLdtrRights, 0x1_0000n],
  [F.guestCsLimit, 0xffff_ffffn],
  [F.guestSsLimit, 0xffff_ffffn],
  [F.guestFsLimit, 0xffff_ffffn],
  [F.guestGsLimit, 0xffff_ffffn],
  [F.guestTrLimit, 0x67n],
  [F.guestGsBase, 0x50_0000n],
  [F.guestRflags, 2n],
  [F.guestRip, 0xffff_ffff_a000_0000n],
  [F.guestRsp, 0x50_8000n],
  [F.guestDr7, 0x400n],
];
