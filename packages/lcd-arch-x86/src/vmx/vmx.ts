import { __hpa } from "../address";
import { externalInterrupt, type InterruptEvent } from "../cpu/interrupt/event";
import { Rflags } from "../cpu/state";
import { KernelError } from "../errno";
import { Cr4, Efer } from "../mmu/control-bits";
import { capabilityMsr, cr0AllowedInVmx, cr4AllowedInVmx, FeatureControl } from "./capability";
import { ExitControl } from "./controls";
import { firstFailure, isFrame } from "./entry-check/check";
import { controlChecks } from "./entry-check/control-checks";
import { guestChecks } from "./entry-check/guest-checks";
import { hostChecks } from "./entry-check/host-checks";
import { ExitDecisions } from "./exit-decisions";
import { ExitReason, interruptionInformation, type VmExitInformation } from "./exit-reason";
import { VM_ENTRY_FAILED, VM_FAIL_INVALID, VM_SUCCEED, VmInstructionError, type VmxResult } from "./instruction-error";
import { invalidateByEpt, invalidateByVpid } from "./invalidation";
import { requireCpl0, requireVmxMode } from "./mode";
import type { VmxProcessorPort } from "./processor-port";
import { enterGuest, failEntry, leaveGuest } from "./transition";
import { VMCS_REVISION, Vmcs, VmcsRegion } from "./vmcs";
import { VmcsField as F, FieldType, fieldType, findField } from "./vmcs-field";
import { VmxFault } from "./vmx-fault";

/** The value that VMPTRST stores while no VMCS is current, and of a VMCS link pointer that is not used. */
export const NO_VMCS = 0xffff_ffff_ffff_ffffn;

const ARITHMETIC = BigInt(Rflags.CF | Rflags.PF | Rflags.AF | Rflags.ZF | Rflags.SF | Rflags.OF);

const BLOCKING_BY_MOV_SS = 2;

/** Exit qualification of a VM-entry failure for invalid guest state (SDM 3C, "VM-Entry Failures During or After ..."). */
const LINK_POINTER_FAILURE = 4n;

/**
 * VMX of one processor: its instructions (SDM 3C, "VMX Instruction Reference"), VM entries and VM exits.
 *
 * Instructions are executed in VMX root operation; in non-root operation the processor exits before it comes here.
 * Each sets RFLAGS as the manual says and returns a VmxResult.
 */
export class Vmx {
  /** What causes a VM exit; to be asked in VMX non-root operation only. */
  readonly exits: ExitDecisions;
  /** What the last VM entry failed on, in words: for those who debug a hypervisor. */
  entryFailure: string | null = null;
  private readonly port: VmxProcessorPort;
  /** VMXON pointer; null outside VMX operation. */
  private vmxonPointer: bigint | null = null;
  private current: Vmcs | null = null;

  constructor(port: VmxProcessorPort) {
    this.port = port;
    this.exits = new ExitDecisions(() => this.running(), port.memory);
  }

  /** Is the processor in VMX operation? */
  get on(): boolean {
    return this.vmxonPointer !== null;
  }

  /** A VMX capability MSR; undefined when the processor does not have one of that number. */
  readCapabilityMsr(index: number): bigint | undefined {
    return capabilityMsr(index);
  }

  /** May CR0 become `value`? In VMX operation some bits are fixed (SDM 3C, "Restrictions on VMX Operation"). */
  cr0Allowed(value: bigint): boolean {
    return !this.on || cr0AllowedInVmx(value);
  }

  /** May CR4 become `value`? */
  cr4Allowed(value: bigint): boolean {
    return !this.on || cr4AllowedInVmx(value);
  }

  /** VMXON: enters VMX operation. @throws VmxFault */
  vmxon(region: bigint): VmxResult {
    const { state } = this.port;
    requireVmxMode(this.port);
    if ((state.low("cr4") & Cr4.VMXE) === 0) throw new VmxFault("undefined-opcode");
    if (this.on) {
      requireCpl0(this.port);
      return this.fail(VmInstructionError.vmxonInRoot);
    }
    const features = state.get64("featureControl");
    const enabled = (features & FeatureControl.lock) !== 0n && (features & FeatureControl.vmxOutsideSmx) !== 0n;
    if (!enabled || !cr0AllowedInVmx(state.get64("cr0")) || !cr4AllowedInVmx(state.get64("cr4"))) {
      throw new VmxFault("general-protection");
    }
    requireCpl0(this.port);
    if (!isFrame(region) || this.revisionAt(region) !== VMCS_REVISION) return this.finish(VM_FAIL_INVALID);
    this.vmxonPointer = region;
    return this.finish(VM_SUCCEED);
  }

  /** VMXOFF: leaves VMX operation. @throws VmxFault */
  vmxoff(): VmxResult {
    this.requireRoot();
    this.leaveCurrent();
    this.vmxonPointer = null;
    return this.finish(VM_SUCCEED);
  }

  /** VMCLEAR: writes a VMCS back to its region and makes its launch state "clear". @throws VmxFault */
  vmclear(address: bigint): VmxResult {
    this.requireRoot();
    if (!isFrame(address)) return this.fail(VmInstructionError.vmclearInvalidAddress);
    if (address === this.vmxonPointer) return this.fail(VmInstructionError.vmclearVmxonPointer);
    if (this.current?.address === address) this.leaveCurrent();
    if (this.isRam(address)) this.port.memory.writeU32(__hpa(address + BigInt(VmcsRegion.launched)), 0);
    return this.finish(VM_SUCCEED);
  }

  /** VMPTRLD: makes a VMCS current. @throws VmxFault */
  vmptrld(address: bigint): VmxResult {
    this.requireRoot();
    if (!isFrame(address)) return this.fail(VmInstructionError.vmptrldInvalidAddress);
    if (address === this.vmxonPointer) return this.fail(VmInstructionError.vmptrldVmxonPointer);
    if (this.revisionAt(address) !== VMCS_REVISION) return this.fail(VmInstructionError.vmptrldWrongRevision);
    if (this.current?.address !== address) {
      this.leaveCurrent();
      this.current = new Vmcs(this.port.memory, address);
    }
    return this.finish(VM_SUCCEED);
  }

  /** VMPTRST: the current-VMCS pointer, NO_VMCS if there is none. @throws VmxFault */
  vmptrst(): bigint {
    this.requireRoot();
    this.finish(VM_SUCCEED);
    return this.current?.address ?? NO_VMCS;
  }

  /** VMREAD: the value of a field of the current VMCS, or how the instruction failed. @throws VmxFault */
  vmread(encoding: number): bigint | VmxResult {
    this.requireRoot();
    if (this.current === null) return this.finish(VM_FAIL_INVALID);
    const access = findField(encoding);
    if (access === undefined) return this.fail(VmInstructionError.unsupportedComponent);
    this.finish(VM_SUCCEED);
    const value = this.current.get(access.field);
    return access.high ? value >> 32n : value;
  }

  /** VMWRITE: writes a field of the current VMCS, modulo its width. @throws VmxFault */
  vmwrite(encoding: number, value: bigint): VmxResult {
    this.requireRoot();
    if (this.current === null) return this.finish(VM_FAIL_INVALID);
    const access = findField(encoding);
    if (access === undefined) return this.fail(VmInstructionError.unsupportedComponent);
    const { field, high } = access;
    if (fieldType(field) === FieldType.readOnly) return this.fail(VmInstructionError.readOnlyComponent);
    if (high) this.current.set(field, BigInt.asUintN(32, this.current.get(field)) | (value << 32n));
    else this.current.set(field, value);
    return this.finish(VM_SUCCEED);
  }

  /** VMLAUNCH: see `enter`. @throws VmxFault */
  vmlaunch(): VmxResult {
    return this.enter(false, VmInstructionError.vmlaunchNotClear);
  }

  /** VMRESUME: see `enter`. @throws VmxFault */
  vmresume(): VmxResult {
    return this.enter(true, VmInstructionError.vmresumeNotLaunched);
  }

  /** VMCALL in VMX root operation: there is no SMM monitor to call. @throws VmxFault */
  vmcall(): VmxResult {
    this.requireRoot();
    return this.fail(VmInstructionError.vmcallInRoot);
  }

  /**
   * INVEPT: drops translations made with an EPT pointer, or with any.
   *
   * @param type an InveptType
   * @param eptp low half of the descriptor
   * @throws VmxFault
   */
  invept(type: number, eptp: bigint): VmxResult {
    this.requireRoot();
    if (!invalidateByEpt(this.port, type, eptp)) return this.fail(VmInstructionError.invalidOperand);
    return this.finish(VM_SUCCEED);
  }

  /**
   * INVVPID: drops translations of a VPID, or of all but 0.
   *
   * @param type an InvvpidType
   * @param descriptor low half of the descriptor: the VPID in bits 15:0, the others reserved
   * @param address high half of the descriptor: a linear address
   * @throws VmxFault
   */
  invvpid(type: number, descriptor: bigint, address: bigint): VmxResult {
    this.requireRoot();
    if (!invalidateByVpid(this.port, type, descriptor, address)) return this.fail(VmInstructionError.invalidOperand);
    return this.finish(VM_SUCCEED);
  }

  /**
   * A VM exit (SDM 3C, "VM Exits"): records why, saves guest state, loads host state. RIP and all other registers
   * must be those that the manual asks to be saved.
   *
   * @param reason basic exit reason
   */
  exit(reason: number, information: VmExitInformation = {}): void {
    leaveGuest(this.port, this.running(), reason, information);
  }

  /**
   * A VM exit for an exception that `exits.exception` says exits.
   *
   * @param qualification the linear address for a page fault, what DR6 would get for a debug exception
   */
  exitForException(event: InterruptEvent, qualification = 0n): void {
    this.exit(ExitReason.exceptionOrNmi, {
      qualification,
      interruptionInformation: interruptionInformation(event),
      interruptionErrorCode: event.errorCode ?? 0,
      // That of another event may be on record, when this one has happened in its delivery.
      instructionLength: event.length > 0 ? event.length : undefined,
    });
  }

  /**
   * A VM exit for an external interrupt, which stays pending unless the host asks to "acknowledge interrupt on exit".
   *
   * @param acknowledge the interrupt acknowledge cycle: gives the vector
   */
  exitForInterrupt(acknowledge: () => number): void {
    const acknowledges = this.running().has(F.exitControls, ExitControl.acknowledgeInterrupt);
    this.exit(ExitReason.externalInterrupt, {
      interruptionInformation: acknowledges ? interruptionInformation(externalInterrupt(acknowledge())) : undefined,
    });
  }

  /**
   * VM entry (SDM 3C, "VM Entries").
   *
   * @returns VM_SUCCEED: the processor is in the guest; VM_ENTRY_FAILED: it was sent back to the host by a VM exit
   */
  private enter(launched: boolean, wrongState: number): VmxResult {
    this.requireRoot();
    const vmcs = this.current;
    if (vmcs === null) return this.finish(VM_FAIL_INVALID);
    if ((this.port.interruptibility & BLOCKING_BY_MOV_SS) !== 0) {
      return this.fail(VmInstructionError.eventsBlockedByMovSs);
    }
    if (vmcs.launched !== launched) return this.fail(wrongState);
    this.entryFailure = firstFailure(controlChecks, vmcs);
    if (this.entryFailure !== null) return this.fail(VmInstructionError.invalidControls);
    this.entryFailure = this.isLongMode ? firstFailure(hostChecks, vmcs) : "a 64-bit host outside IA-32e mode";
    if (this.entryFailure !== null) return this.fail(VmInstructionError.invalidHostState);
    this.entryFailure = firstFailure(guestChecks, vmcs);
    if (this.entryFailure !== null) return this.sendBack(vmcs, ExitReason.invalidGuestState, 0n);
    if (!this.isLinkPointer(vmcs)) {
      this.entryFailure = "VMCS link pointer";
      return this.sendBack(vmcs, ExitReason.invalidGuestState, LINK_POINTER_FAILURE);
    }
    const failure = enterGuest(this.port, vmcs);
    if (failure === null) return VM_SUCCEED;
    this.entryFailure = failure.words;
    return this.sendBack(vmcs, failure.reason, failure.qualification);
  }

  /** SDM 3C, "Checks Related to Address-Space Size": VM exits lead to a 64-bit host, so VM entries have to come from one. */
  private get isLongMode(): boolean {
    return (this.port.state.low("efer") & Efer.LMA) !== 0;
  }

  private sendBack(vmcs: Vmcs, reason: number, qualification: bigint): VmxResult {
    failEntry(this.port, vmcs, reason, qualification);
    return VM_ENTRY_FAILED;
  }

  /** SDM 3C, "Checks on Guest Non-Register State", VMCS link pointer; there is no VMCS shadowing. */
  private isLinkPointer(vmcs: Vmcs): boolean {
    const link = vmcs.get(F.vmcsLinkPointer);
    if (link === NO_VMCS) return true;
    return isFrame(link) && link !== vmcs.address && this.revisionAt(link) === VMCS_REVISION;
  }

  /** The VMCS that controls the guest. */
  private running(): Vmcs {
    if (this.current === null) throw new KernelError("EINVAL", "there is no guest: no VMCS is current");
    return this.current;
  }

  private leaveCurrent(): void {
    this.current?.store(this.port.memory);
    this.current = null;
  }

  /** First word of a region; nothing answers outside RAM, where reads give ones. */
  private revisionAt(address: bigint): number {
    return this.isRam(address) ? this.port.memory.readU32(__hpa(address)) : 0xffff_ffff;
  }

  private isRam(address: bigint): boolean {
    return address < BigInt(this.port.memory.size);
  }

  /** What every VMX instruction but VMXON needs. */
  private requireRoot(): void {
    requireVmxMode(this.port);
    if (!this.on) throw new VmxFault("undefined-opcode");
    requireCpl0(this.port);
  }

  /** VMfail: VMfailValid if a VMCS is current, VMfailInvalid if not. */
  private fail(error: number): VmxResult {
    if (this.current === null) return this.finish(VM_FAIL_INVALID);
    this.current.set32(F.instructionError, error);
    return this.finish(error);
  }

  /** Sets RFLAGS for a result (SDM 3C, "Conventions"). */
  private finish(result: VmxResult): VmxResult {
    const flag = result === VM_SUCCEED ? 0 : result === VM_FAIL_INVALID ? Rflags.CF : Rflags.ZF;
    this.port.rflags = (this.port.rflags & ~ARITHMETIC) | BigInt(flag);
    return result;
  }
}
