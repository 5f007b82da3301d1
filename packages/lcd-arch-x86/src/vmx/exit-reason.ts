import type { InterruptEvent } from "../cpu/interrupt/event";

/** Basic exit reasons (SDM 3D, appendix "VMX Basic Exit Reasons"), those that this processor gives. */
export const ExitReason = {
  exceptionOrNmi: 0,
  externalInterrupt: 1,
  tripleFault: 2,
  initSignal: 3,
  interruptWindow: 7,
  taskSwitch: 9,
  cpuid: 10,
  getsec: 11,
  hlt: 12,
  invd: 13,
  invlpg: 14,
  rdpmc: 15,
  rdtsc: 16,
  vmcall: 18,
  vmclear: 19,
  vmlaunch: 20,
  vmptrld: 21,
  vmptrst: 22,
  vmread: 23,
  vmresume: 24,
  vmwrite: 25,
  vmxoff: 26,
  vmxon: 27,
  controlRegisterAccess: 28,
  movDr: 29,
  ioInstruction: 30,
  rdmsr: 31,
  wrmsr: 32,
  invalidGuestState: 33,
  msrLoading: 34,
  mwait: 36,
  monitor: 39,
  descriptorTable: 46,
  taskRegister: 47,
  eptViolation: 48,
  eptMisconfiguration: 49,
  invept: 50,
  rdtscp: 51,
  preemptionTimer: 52,
  invvpid: 53,
  wbinvd: 54,
  xsetbv: 55,
  rdrand: 57,
  invpcid: 58,
  rdseed: 61,
} as const;

/** Bit 31 of the exit reason: the VM entry failed. */
export const ENTRY_FAILURE = 0x8000_0000;

const names: ReadonlyMap<number, string> = new Map([
  [ExitReason.exceptionOrNmi, "Exception or non-maskable interrupt (NMI)"],
  [ExitReason.externalInterrupt, "External interrupt"],
  [ExitReason.tripleFault, "Triple fault"],
  [ExitReason.initSignal, "INIT signal"],
  [ExitReason.interruptWindow, "Interrupt window"],
  [ExitReason.taskSwitch, "Task switch"],
  [ExitReason.cpuid, "CPUID"],
  [ExitReason.getsec, "GETSEC"],
  [ExitReason.hlt, "HLT"],
  [ExitReason.invd, "INVD"],
  [ExitReason.invlpg, "INVLPG"],
  [ExitReason.rdpmc, "RDPMC"],
  [ExitReason.rdtsc, "RDTSC"],
  [ExitReason.vmcall, "VMCALL"],
  [ExitReason.vmclear, "VMCLEAR"],
  [ExitReason.vmlaunch, "VMLAUNCH"],
  [ExitReason.vmptrld, "VMPTRLD"],
  [ExitReason.vmptrst, "VMPTRST"],
  [ExitReason.vmread, "VMREAD"],
  [ExitReason.vmresume, "VMRESUME"],
  [ExitReason.vmwrite, "VMWRITE"],
  [ExitReason.vmxoff, "VMXOFF"],
  [ExitReason.vmxon, "VMXON"],
  [ExitReason.controlRegisterAccess, "Control-register accesses"],
  [ExitReason.movDr, "MOV DR"],
  [ExitReason.ioInstruction, "I/O instruction"],
  [ExitReason.rdmsr, "RDMSR"],
  [ExitReason.wrmsr, "WRMSR"],
  [ExitReason.invalidGuestState, "VM-entry failure due to invalid guest state"],
  [ExitReason.msrLoading, "VM-entry failure due to MSR loading"],
  [ExitReason.mwait, "MWAIT"],
  [ExitReason.monitor, "MONITOR"],
  [ExitReason.descriptorTable, "Access to GDTR or IDTR"],
  [ExitReason.taskRegister, "Access to LDTR or TR"],
  [ExitReason.eptViolation, "EPT violation"],
  [ExitReason.eptMisconfiguration, "EPT misconfiguration"],
  [ExitReason.invept, "INVEPT"],
  [ExitReason.rdtscp, "RDTSCP"],
  [ExitReason.preemptionTimer, "VMX-preemption timer expired"],
  [ExitReason.invvpid, "INVVPID"],
  [ExitReason.wbinvd, "WBINVD or WBNOINVD"],
  [ExitReason.xsetbv, "XSETBV"],
  [ExitReason.rdrand, "RDRAND"],
  [ExitReason.invpcid, "INVPCID"],
  [ExitReason.rdseed, "RDSEED"],
]);

/** The manual's name of a basic exit reason. */
export function exitReasonName(reason: number): string {
  return names.get(reason) ?? `exit reason ${reason}`;
}

/** VM-exit interruption information (SDM 3C, "Information for VM Exits Due to Vectored Events"). */
export const InterruptionInformation = {
  typeShift: 8,
  errorCodeValid: 1 << 11,
  valid: 1 << 31,
} as const;

/** The interruption or IDT-vectoring information of an event. */
export function interruptionInformation({ vector, type, errorCode }: InterruptEvent): number {
  const { typeShift, errorCodeValid, valid } = InterruptionInformation;
  return vector | (type << typeShift) | (errorCode === null ? 0 : errorCodeValid) | valid;
}

/** Bits 10:8 of the interruption information. */
export const InterruptionType = {
  externalInterrupt: 0,
  nmi: 2,
  hardwareException: 3,
  softwareInterrupt: 4,
  privilegedSoftwareException: 5,
  softwareException: 6,
} as const;

/** What a VM exit records besides its reason (SDM 3C, "Recording VM-Exit Information"); what is absent reads as 0. */
export interface VmExitInformation {
  readonly qualification?: bigint;
  readonly interruptionInformation?: number;
  readonly interruptionErrorCode?: number;
  readonly instructionLength?: number;
  readonly instructionInformation?: number;
  readonly guestLinearAddress?: bigint;
  readonly guestPhysicalAddress?: bigint;
}
