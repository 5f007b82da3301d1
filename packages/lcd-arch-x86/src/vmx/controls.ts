/** Pin-based VM-execution controls (SDM 3C, "Pin-Based VM-Execution Controls"). */
export const PinBased = {
  externalInterruptExiting: 1 << 0,
  nmiExiting: 1 << 3,
  activatePreemptionTimer: 1 << 6,
} as const;

/** Primary processor-based VM-execution controls (SDM 3C, "Processor-Based VM-Execution Controls"). */
export const ProcessorBased = {
  interruptWindowExiting: 1 << 2,
  useTscOffsetting: 1 << 3,
  hltExiting: 1 << 7,
  invlpgExiting: 1 << 9,
  mwaitExiting: 1 << 10,
  rdpmcExiting: 1 << 11,
  rdtscExiting: 1 << 12,
  cr3LoadExiting: 1 << 15,
  cr3StoreExiting: 1 << 16,
  cr8LoadExiting: 1 << 19,
  cr8StoreExiting: 1 << 20,
  movDrExiting: 1 << 23,
  unconditionalIoExiting: 1 << 24,
  useIoBitmaps: 1 << 25,
  monitorExiting: 1 << 29,
  activateSecondaryControls: 1 << 31,
} as const;

/** Secondary processor-based VM-execution controls. */
export const Secondary = {
  enableEpt: 1 << 1,
  descriptorTableExiting: 1 << 2,
  enableRdtscp: 1 << 3,
  enableVpid: 1 << 5,
  wbinvdExiting: 1 << 6,
  rdrandExiting: 1 << 11,
  enableInvpcid: 1 << 12,
  rdseedExiting: 1 << 16,
} as const;

/** VM-exit controls (SDM 3C, "VM-Exit Controls"). */
export const ExitControl = {
  saveDebugControls: 1 << 2,
  hostAddressSpaceSize: 1 << 9,
  acknowledgeInterrupt: 1 << 15,
  savePat: 1 << 18,
  loadPat: 1 << 19,
  saveEfer: 1 << 20,
  loadEfer: 1 << 21,
  savePreemptionTimer: 1 << 22,
} as const;

/** VM-entry controls (SDM 3C, "VM-Entry Controls"). */
export const EntryControl = {
  loadDebugControls: 1 << 2,
  ia32eModeGuest: 1 << 9,
  loadPat: 1 << 14,
  loadEfer: 1 << 15,
} as const;

/** What a set of controls may be set to. */
export interface ControlSet {
  /** Bits that software may set or clear. */
  readonly optional: number;
  /** Bits that must be 1. */
  readonly required: number;
  /** The default1 class: bits that must be 1 for software that knows nothing of the "true" capability MSRs. */
  readonly default1: number;
}

const all = (bits: Readonly<Record<string, number>>): number => Object.values(bits).reduce((sum, bit) => sum | bit, 0);

const PIN_DEFAULT1 = 0x0000_0016;
const PROCESSOR_DEFAULT1 = 0x0401_e172;
const EXIT_DEFAULT1 = 0x0003_6dff;
const ENTRY_DEFAULT1 = 0x0000_11ff;

/**
 * Which controls there are (SDM 3D, appendix "VMX Capability Reporting Facility"). Interrupts, NMIs and HLT always
 * exit, and the host is in IA-32e mode: the other settings are what this processor does not have.
 */
export const controlSets = {
  pinBased: controls(PinBased, PinBased.externalInterruptExiting | PinBased.nmiExiting, PIN_DEFAULT1),
  processor: controls(ProcessorBased, ProcessorBased.hltExiting, PROCESSOR_DEFAULT1),
  secondary: controls(Secondary, 0, 0),
  exit: controls(ExitControl, ExitControl.hostAddressSpaceSize, EXIT_DEFAULT1),
  entry: controls(EntryControl, 0, ENTRY_DEFAULT1),
} as const;

/** Default1 bits that have a name may be cleared; the others have no meaning and must stay 1. */
function controls(named: Readonly<Record<string, number>>, must: number, default1: number): ControlSet {
  return { optional: all(named) & ~must, required: must | (default1 & ~all(named)), default1 };
}

/** Does a value of this set respect the "true" capability MSR? */
export function allowsControls(set: ControlSet, value: number): boolean {
  return (value & set.required) === set.required && (value & ~(set.required | set.optional)) === 0;
}
