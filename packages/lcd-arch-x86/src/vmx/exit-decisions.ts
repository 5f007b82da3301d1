import type { PhysicalMemory } from "../machine/physical-memory";
import { Cr0 } from "../mmu/control-bits";
import { ProcessorBased, Secondary } from "./controls";
import { secondaryControls } from "./entry-check/control-checks";
import { ExitReason } from "./exit-reason";
import { ioBitmapsExit } from "./io-bitmaps";
import type { Vmcs } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

const always = (): boolean => true;
const processor =
  (control: number) =>
  (v: Vmcs): boolean =>
    v.has(F.processorControls, control);
const secondary =
  (control: number) =>
  (v: Vmcs): boolean =>
    (secondaryControls(v) & control) !== 0;

/**
 * Instructions that cause VM exits, unconditionally or by a control, with the exit reason
 * (SDM 3C, "Instructions That Cause VM Exits"). Accesses to control registers and ports have methods of their own.
 */
const instructions = {
  cpuid: [ExitReason.cpuid, always],
  getsec: [ExitReason.getsec, always],
  hlt: [ExitReason.hlt, processor(ProcessorBased.hltExiting)],
  invd: [ExitReason.invd, always],
  invlpg: [ExitReason.invlpg, processor(ProcessorBased.invlpgExiting)],
  monitor: [ExitReason.monitor, processor(ProcessorBased.monitorExiting)],
  mwait: [ExitReason.mwait, processor(ProcessorBased.mwaitExiting)],
  rdpmc: [ExitReason.rdpmc, processor(ProcessorBased.rdpmcExiting)],
  rdrand: [ExitReason.rdrand, secondary(Secondary.rdrandExiting)],
  rdseed: [ExitReason.rdseed, secondary(Secondary.rdseedExiting)],
  rdtsc: [ExitReason.rdtsc, processor(ProcessorBased.rdtscExiting)],
  rdtscp: [ExitReason.rdtscp, processor(ProcessorBased.rdtscExiting)],
  vmcall: [ExitReason.vmcall, always],
  vmclear: [ExitReason.vmclear, always],
  vmlaunch: [ExitReason.vmlaunch, always],
  vmptrld: [ExitReason.vmptrld, always],
  vmptrst: [ExitReason.vmptrst, always],
  vmread: [ExitReason.vmread, always],
  vmresume: [ExitReason.vmresume, always],
  vmwrite: [ExitReason.vmwrite, always],
  vmxoff: [ExitReason.vmxoff, always],
  vmxon: [ExitReason.vmxon, always],
  invept: [ExitReason.invept, always],
  invpcid: [ExitReason.invpcid, processor(ProcessorBased.invlpgExiting)],
  invvpid: [ExitReason.invvpid, always],
  descriptorTable: [ExitReason.descriptorTable, secondary(Secondary.descriptorTableExiting)],
  taskRegister: [ExitReason.taskRegister, secondary(Secondary.descriptorTableExiting)],
  movDr: [ExitReason.movDr, processor(ProcessorBased.movDrExiting)],
  rdmsr: [ExitReason.rdmsr, always],
  wrmsr: [ExitReason.wrmsr, always],
  wbinvd: [ExitReason.wbinvd, secondary(Secondary.wbinvdExiting)],
  xsetbv: [ExitReason.xsetbv, always],
} as const;

/** An instruction that may cause a VM exit. */
export type ExitingInstruction = keyof typeof instructions;

const PAGE_FAULT = 14;

/** What exits in VMX non-root operation, as the controls of the current VMCS say. */
export class ExitDecisions {
  private readonly vmcs: () => Vmcs;
  private readonly memory: PhysicalMemory;

  /**
   * @param vmcs gives the current VMCS
   * @param memory where its bitmaps are
   */
  constructor(vmcs: () => Vmcs, memory: PhysicalMemory) {
    this.vmcs = vmcs;
    this.memory = memory;
  }

  /** The exit reason if this instruction causes a VM exit, or null if it executes (SDM 3C, "Instructions That Cause VM Exits"). */
  instruction(name: ExitingInstruction): number | null {
    const [reason, exits] = instructions[name];
    return exits(this.vmcs()) ? reason : null;
  }

  /**
   * Does IN, OUT, INS or OUTS exit? With I/O bitmaps they decide, whatever "unconditional I/O exiting" is.
   *
   * @param port the first port, 0 to FFFFH
   * @param size 1, 2 or 4 ports
   */
  io(port: number, size: number): boolean {
    const vmcs = this.vmcs();
    return vmcs.has(F.processorControls, ProcessorBased.useIoBitmaps)
      ? ioBitmapsExit(vmcs, this.memory, port, size)
      : vmcs.has(F.processorControls, ProcessorBased.unconditionalIoExiting);
  }

  /** What RDTSC and RDTSCP add to the time-stamp counter: a signed number modulo 2^64 ("use TSC offsetting"). */
  tscOffset(): bigint {
    const vmcs = this.vmcs();
    return vmcs.has(F.processorControls, ProcessorBased.useTscOffsetting) ? vmcs.get(F.tscOffset) : 0n;
  }

  /** Does RDTSCP cause an invalid-opcode exception? ("enable RDTSCP") */
  rdtscpUndefined(): boolean {
    return (secondaryControls(this.vmcs()) & Secondary.enableRdtscp) === 0;
  }

  /** Does INVPCID cause an invalid-opcode exception? ("enable INVPCID") */
  invpcidUndefined(): boolean {
    return (secondaryControls(this.vmcs()) & Secondary.enableInvpcid) === 0;
  }

  /**
   * Does an exception cause a VM exit? (SDM 3C, "Exception Bitmap")
   *
   * @param vector 0 to 31
   * @param errorCode the page-fault error code; used for vector 14 only
   */
  exception(vector: number, errorCode: number): boolean {
    const vmcs = this.vmcs();
    const inBitmap = vmcs.has(F.exceptionBitmap, 1 << vector);
    if (vector !== PAGE_FAULT) return inBitmap;
    const matches = (errorCode & vmcs.get32(F.pageFaultErrorCodeMask)) >>> 0 === vmcs.get32(F.pageFaultErrorCodeMatch);
    return matches === inBitmap;
  }

  /** Does MOV to CR0 or LMSW exit? A bit that the host owns would differ from its shadow. */
  cr0Write(value: bigint): boolean {
    const vmcs = this.vmcs();
    return ((value ^ vmcs.get(F.cr0Shadow)) & vmcs.get(F.cr0Mask)) !== 0n;
  }

  /** Does LMSW exit? It touches PE, MP, EM and TS only, and can set PE but not clear it. */
  lmsw(source: number): boolean {
    const vmcs = this.vmcs();
    const mask = vmcs.get32(F.cr0Mask);
    const shadow = vmcs.get32(F.cr0Shadow);
    if ((mask & Cr0.PE & source & ~shadow) !== 0) return true;
    return ((source ^ shadow) & mask & (Cr0.MP | Cr0.EM | Cr0.TS)) !== 0;
  }

  /** Does CLTS exit? The host owns TS and its shadow is set. */
  clts(): boolean {
    const vmcs = this.vmcs();
    return (vmcs.get32(F.cr0Mask) & vmcs.get32(F.cr0Shadow) & Cr0.TS) !== 0;
  }

  /** Does MOV to CR4 exit? */
  cr4Write(value: bigint): boolean {
    const vmcs = this.vmcs();
    return ((value ^ vmcs.get(F.cr4Shadow)) & vmcs.get(F.cr4Mask)) !== 0n;
  }

  /** Does MOV to CR3 exit? Not if the value is one of the CR3-target values. */
  cr3Write(value: bigint): boolean {
    const vmcs = this.vmcs();
    if (!vmcs.has(F.processorControls, ProcessorBased.cr3LoadExiting)) return false;
    const targets = [F.cr3Target0, F.cr3Target1, F.cr3Target2, F.cr3Target3];
    return !targets.slice(0, vmcs.get32(F.cr3TargetCount)).some((target) => vmcs.get(target) === value);
  }

  /** Does MOV from CR3 exit? */
  cr3Read(): boolean {
    return this.vmcs().has(F.processorControls, ProcessorBased.cr3StoreExiting);
  }

  /** Does MOV to CR8 exit? */
  cr8Write(): boolean {
    return this.vmcs().has(F.processorControls, ProcessorBased.cr8LoadExiting);
  }

  /** Does MOV from CR8 exit? */
  cr8Read(): boolean {
    return this.vmcs().has(F.processorControls, ProcessorBased.cr8StoreExiting);
  }

  /** What the guest reads from CR0: bits that the host owns come from the shadow. */
  cr0Seen(cr0: bigint): bigint {
    const vmcs = this.vmcs();
    return merge(cr0, vmcs.get(F.cr0Shadow), vmcs.get(F.cr0Mask));
  }

  /** What the guest reads from CR4. */
  cr4Seen(cr4: bigint): bigint {
    const vmcs = this.vmcs();
    return merge(cr4, vmcs.get(F.cr4Shadow), vmcs.get(F.cr4Mask));
  }

  /** What CR0 becomes when the guest's write does not exit: bits that the host owns stay. */
  cr0Written(cr0: bigint, value: bigint): bigint {
    return merge(value, cr0, this.vmcs().get(F.cr0Mask));
  }

  /** What CR4 becomes when the guest's write does not exit. */
  cr4Written(cr4: bigint, value: bigint): bigint {
    return merge(value, cr4, this.vmcs().get(F.cr4Mask));
  }
}

/** `value`, with the bits in `mask` taken from `owned`. */
function merge(value: bigint, owned: bigint, mask: bigint): bigint {
  return (value & ~mask) | (owned & mask);
}
