/** VM-instruction error numbers (SDM 3C, "VM Instruction Error Numbers"), those that this processor gives. */
export const VmInstructionError = {
  vmcallInRoot: 1,
  vmclearInvalidAddress: 2,
  vmclearVmxonPointer: 3,
  vmlaunchNotClear: 4,
  vmresumeNotLaunched: 5,
  invalidControls: 7,
  invalidHostState: 8,
  vmptrldInvalidAddress: 9,
  vmptrldVmxonPointer: 10,
  vmptrldWrongRevision: 11,
  unsupportedComponent: 12,
  readOnlyComponent: 13,
  vmxonInRoot: 15,
  eventsBlockedByMovSs: 26,
  invalidOperand: 28,
} as const;

const words: ReadonlyMap<number, string> = new Map([
  [VmInstructionError.vmcallInRoot, "VMCALL executed in VMX root operation"],
  [VmInstructionError.vmclearInvalidAddress, "VMCLEAR with invalid physical address"],
  [VmInstructionError.vmclearVmxonPointer, "VMCLEAR with VMXON pointer"],
  [VmInstructionError.vmlaunchNotClear, "VMLAUNCH with non-clear VMCS"],
  [VmInstructionError.vmresumeNotLaunched, "VMRESUME with non-launched VMCS"],
  [VmInstructionError.invalidControls, "VM entry with invalid control field(s)"],
  [VmInstructionError.invalidHostState, "VM entry with invalid host-state field(s)"],
  [VmInstructionError.vmptrldInvalidAddress, "VMPTRLD with invalid physical address"],
  [VmInstructionError.vmptrldVmxonPointer, "VMPTRLD with VMXON pointer"],
  [VmInstructionError.vmptrldWrongRevision, "VMPTRLD with incorrect VMCS revision identifier"],
  [VmInstructionError.unsupportedComponent, "VMREAD/VMWRITE from/to unsupported VMCS component"],
  [VmInstructionError.readOnlyComponent, "VMWRITE to read-only VMCS component"],
  [VmInstructionError.vmxonInRoot, "VMXON executed in VMX root operation"],
  [VmInstructionError.eventsBlockedByMovSs, "VM entry with events blocked by MOV SS"],
  [VmInstructionError.invalidOperand, "Invalid operand to INVEPT/INVVPID"],
]);

/** What a VM-instruction error number means, in the manual's words. */
export function instructionErrorWords(error: number): string {
  return words.get(error) ?? `VM-instruction error ${error}`;
}

/**
 * How a VMX instruction ended (SDM 3C, "Conventions"): 0 is VMsucceed, -1 VMfailInvalid, and a positive number is
 * VMfailValid with that VM-instruction error.
 */
export type VmxResult = number;
export const VM_SUCCEED = 0;
export const VM_FAIL_INVALID = -1;

/** A VM entry that ended in a VM exit for invalid guest state: host state is loaded and the exit fields tell why. */
export const VM_ENTRY_FAILED = -2;
