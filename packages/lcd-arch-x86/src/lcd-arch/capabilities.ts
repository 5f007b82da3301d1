import type { Processor } from "../cpu/processor";
import { KernelError } from "../errno";
import {
  EntryControl,
  EptVpidCapability,
  ExitControl,
  FeatureControl,
  PinBased,
  ProcessorBased,
  Secondary,
  VmxBasic,
  VmxMsr,
} from "../vmx";

/** Values for the control fields of a domain's VMCS. */
export interface DomainControls {
  readonly pinBased: bigint;
  readonly processor: bigint;
  readonly secondary: bigint;
  readonly exit: bigint;
  readonly entry: bigint;
}

/** What a domain needs; all external interrupts and exceptions exit (seed 001, INTERRUPTS). */
const wanted = {
  pinBased: PinBased.externalInterruptExiting | PinBased.nmiExiting | PinBased.activatePreemptionTimer,
  processor:
    ProcessorBased.hltExiting |
    ProcessorBased.movDrExiting |
    ProcessorBased.unconditionalIoExiting |
    ProcessorBased.cr8LoadExiting |
    ProcessorBased.cr8StoreExiting |
    ProcessorBased.activateSecondaryControls,
  secondary: Secondary.enableEpt | Secondary.enableVpid | Secondary.enableRdtscp | Secondary.wbinvdExiting,
  exit:
    ExitControl.saveDebugControls |
    ExitControl.hostAddressSpaceSize |
    ExitControl.savePat |
    ExitControl.loadPat |
    ExitControl.saveEfer |
    ExitControl.loadEfer,
  entry: EntryControl.loadDebugControls | EntryControl.ia32eModeGuest | EntryControl.loadPat | EntryControl.loadEfer,
} as const;

const EPT_NEEDS =
  EptVpidCapability.walkLength4 |
  EptVpidCapability.writeBack |
  EptVpidCapability.invept |
  EptVpidCapability.inveptSingle;

const MEMORY_TYPE_MASK = 0xfn << 50n;
const REVISION_MASK = 0x7fff_ffffn;

/** The revision identifier that VMXON and VMCS regions begin with. */
export function vmcsRevision(processor: Processor): number {
  return Number(processor.readMsr(VmxMsr.basic) & REVISION_MASK);
}

/**
 * Checks that a processor has what domains need and works out its control values.
 *
 * @throws KernelError ENODEV, naming what is missing
 * @see SDM 3D, "VMX Capability Reporting Facility"
 */
export function domainControls(processor: Processor): DomainControls {
  const basic = processor.readMsr(VmxMsr.basic);
  if ((basic & MEMORY_TYPE_MASK) !== VmxBasic.writeBack) throw missing(processor, "VMCS regions are not write-back");
  if ((basic & VmxBasic.trueControls) === 0n) throw missing(processor, 'no "true" VMX control MSRs');
  const controls = {
    pinBased: adjust(processor, VmxMsr.truePinBasedControls, wanted.pinBased, "pin-based"),
    processor: adjust(processor, VmxMsr.trueProcessorControls, wanted.processor, "processor-based"),
    secondary: adjust(processor, VmxMsr.secondaryControls, wanted.secondary, "secondary processor-based"),
    exit: adjust(processor, VmxMsr.trueExitControls, wanted.exit, "VM-exit"),
    entry: adjust(processor, VmxMsr.trueEntryControls, wanted.entry, "VM-entry"),
  };
  const ept = processor.readMsr(VmxMsr.eptVpidCap);
  if ((ept & EPT_NEEDS) !== EPT_NEEDS) {
    throw missing(processor, `EPT capabilities 0x${ept.toString(16)} lack some of 0x${EPT_NEEDS.toString(16)}`);
  }
  return controls;
}

/**
 * Makes sure that IA32_FEATURE_CONTROL lets VMXON work; firmware may have left that to us.
 *
 * @throws KernelError ENODEV when it is locked and disabled
 */
export function enableVmxFeature(processor: Processor): void {
  const features = processor.readMsr(VmxMsr.featureControl);
  const enabled = FeatureControl.lock | FeatureControl.vmxOutsideSmx;
  if ((features & FeatureControl.lock) === 0n) processor.writeMsr(VmxMsr.featureControl, features | enabled);
  else if ((features & FeatureControl.vmxOutsideSmx) === 0n) throw missing(processor, "VMX was disabled by firmware");
}

/** A control value with all wanted bits, and those that must be 1. */
function adjust(processor: Processor, msr: number, bits: number, name: string): bigint {
  const capability = processor.readMsr(msr);
  const must = BigInt.asUintN(32, capability);
  const may = capability >> 32n;
  const value = BigInt.asUintN(32, BigInt(bits)) | must;
  if ((value & ~may) !== 0n) throw missing(processor, `${name} controls 0x${(value & ~may).toString(16)}`);
  return value;
}

function missing(processor: Processor, what: string): KernelError {
  return new KernelError("ENODEV", `processor ${processor.index} cannot run domains: ${what}`);
}
