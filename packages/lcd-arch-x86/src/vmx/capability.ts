import { CR4_SUPPORTED, Cr0, Cr4 } from "../mmu/control-bits";
import { type ControlSet, controlSets } from "./controls";
import { VMCS_REGION_SIZE, VMCS_REVISION } from "./vmcs";
import { HIGHEST_FIELD_INDEX } from "./vmcs-field";

/** MSRs that VMX uses (SDM 3D, appendix "VMX Capability Reporting Facility"; SDM 4, "Model-Specific Registers"). */
export const VmxMsr = {
  featureControl: 0x3a,
  basic: 0x480,
  pinBasedControls: 0x481,
  processorControls: 0x482,
  exitControls: 0x483,
  entryControls: 0x484,
  misc: 0x485,
  cr0Fixed0: 0x486,
  cr0Fixed1: 0x487,
  cr4Fixed0: 0x488,
  cr4Fixed1: 0x489,
  vmcsEnum: 0x48a,
  secondaryControls: 0x48b,
  eptVpidCap: 0x48c,
  truePinBasedControls: 0x48d,
  trueProcessorControls: 0x48e,
  trueExitControls: 0x48f,
  trueEntryControls: 0x490,
} as const;

/** IA32_FEATURE_CONTROL: VMXON needs both. */
export const FeatureControl = { lock: 1n << 0n, vmxOutsideSmx: 1n << 2n } as const;

/** IA32_VMX_BASIC, above the revision identifier. */
export const VmxBasic = {
  writeBack: 6n << 50n,
  /** VM exits of INS and OUTS tell the address size and the segment in the instruction information. */
  insAndOutsInformation: 1n << 54n,
  trueControls: 1n << 55n,
} as const;

/** IA32_VMX_EPT_VPID_CAP. */
export const EptVpidCapability = {
  executeOnly: 1n << 0n,
  walkLength4: 1n << 6n,
  uncacheable: 1n << 8n,
  writeBack: 1n << 14n,
  page2M: 1n << 16n,
  page1G: 1n << 17n,
  invept: 1n << 20n,
  accessedAndDirty: 1n << 21n,
  inveptSingle: 1n << 25n,
  inveptAll: 1n << 26n,
  invvpid: 1n << 32n,
  invvpidAddress: 1n << 40n,
  invvpidSingle: 1n << 41n,
  invvpidAll: 1n << 42n,
  invvpidSingleKeepGlobal: 1n << 43n,
} as const;

/** CR3-target values that the VMCS has. */
export const CR3_TARGETS = 4;

/** The VMX-preemption timer counts down once per this power of two of TSC ticks. */
export const PREEMPTION_TIMER_RATE = 0;

/** Bits of CR0 and CR4 that are fixed in VMX operation (SDM 3C, "Restrictions on VMX Operation"). */
export const CR0_FIXED0 = BigInt.asUintN(32, BigInt(Cr0.PE | Cr0.NE | Cr0.PG));
export const CR0_FIXED1 = 0xffff_ffffn;
export const CR4_FIXED0 = BigInt(Cr4.VMXE);
export const CR4_FIXED1 = BigInt(CR4_SUPPORTED);

/** May CR0 have this value in VMX operation? */
export function cr0AllowedInVmx(value: bigint): boolean {
  return (value & CR0_FIXED0) === CR0_FIXED0 && (value & ~CR0_FIXED1) === 0n;
}

/** May CR4 have this value in VMX operation? */
export function cr4AllowedInVmx(value: bigint): boolean {
  return (value & CR4_FIXED0) === CR4_FIXED0 && (value & ~CR4_FIXED1) === 0n;
}

const high = (value: number): bigint => BigInt.asUintN(32, BigInt(value)) << 32n;
const low = (value: number): bigint => BigInt.asUintN(32, BigInt(value));

/** For software that does not read the "true" MSRs: the default1 class must be 1. */
const plain = (set: ControlSet): bigint =>
  low(set.required | set.default1) | high(set.required | set.optional | set.default1);
const exact = (set: ControlSet): bigint => low(set.required) | high(set.required | set.optional);

const values: ReadonlyMap<number, bigint> = new Map([
  [
    VmxMsr.basic,
    BigInt(VMCS_REVISION) |
      (BigInt(VMCS_REGION_SIZE) << 32n) |
      VmxBasic.writeBack |
      VmxBasic.insAndOutsInformation |
      VmxBasic.trueControls,
  ],
  [VmxMsr.pinBasedControls, plain(controlSets.pinBased)],
  [VmxMsr.processorControls, plain(controlSets.processor)],
  [VmxMsr.exitControls, plain(controlSets.exit)],
  [VmxMsr.entryControls, plain(controlSets.entry)],
  [VmxMsr.misc, BigInt(PREEMPTION_TIMER_RATE) | (BigInt(CR3_TARGETS) << 16n)],
  [VmxMsr.cr0Fixed0, CR0_FIXED0],
  [VmxMsr.cr0Fixed1, CR0_FIXED1],
  [VmxMsr.cr4Fixed0, CR4_FIXED0],
  [VmxMsr.cr4Fixed1, CR4_FIXED1],
  [VmxMsr.vmcsEnum, BigInt(HIGHEST_FIELD_INDEX << 1)],
  [VmxMsr.secondaryControls, plain(controlSets.secondary)],
  [VmxMsr.eptVpidCap, Object.values(EptVpidCapability).reduce((sum, bit) => sum | bit, 0n)],
  [VmxMsr.truePinBasedControls, exact(controlSets.pinBased)],
  [VmxMsr.trueProcessorControls, exact(controlSets.processor)],
  [VmxMsr.trueExitControls, exact(controlSets.exit)],
  [VmxMsr.trueEntryControls, exact(controlSets.entry)],
]);

/** Value of a VMX capability MSR, 480H to 491H; undefined when this processor does not have it. */
export function capabilityMsr(index: number): bigint | undefined {
  return values.get(index);
}
