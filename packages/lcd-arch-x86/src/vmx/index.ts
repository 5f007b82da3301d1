export { capabilityMsr, EptVpidCapability, FeatureControl, VmxBasic, VmxMsr } from "./capability";
export { EntryControl, ExitControl, PinBased, ProcessorBased, Secondary } from "./controls";
export type { ExitDecisions, ExitingInstruction } from "./exit-decisions";
export {
  ENTRY_FAILURE,
  ExitReason,
  exitReasonName,
  InterruptionInformation,
  InterruptionType,
  type VmExitInformation,
} from "./exit-reason";
export {
  instructionErrorWords,
  VM_ENTRY_FAILED,
  VM_FAIL_INVALID,
  VM_SUCCEED,
  VmInstructionError,
  type VmxResult,
} from "./instruction-error";
export { InveptType, InvvpidType } from "./invalidation";
export type { VmxProcessorPort } from "./processor-port";
export { Rights, SegmentType } from "./segments";
export { VmcsField } from "./vmcs-field";
export { NO_VMCS, Vmx } from "./vmx";
export { VmxFault } from "./vmx-fault";
