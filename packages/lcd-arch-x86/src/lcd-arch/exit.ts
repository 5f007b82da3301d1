import { __gpa, __gva, type gpa_t, type gva_t } from "../address";
import { ENTRY_FAILURE, ExitReason, exitReasonName, InterruptionInformation, VmcsField } from "../vmx";
import { type LcdArch, lcd_arch_pc, lcd_arch_set_pc, vmread } from "./lcd-arch";

/** Why a domain stopped running. */
export type LcdArchExitCause =
  /** A system call; the pc is behind the `vmcall`. */
  | { readonly kind: "vmcall" }
  /** An exception; the pc is at the instruction. */
  | {
      readonly kind: "exception";
      readonly vector: number;
      readonly errorCode: number | null;
      /** The linear address of a page fault. */
      readonly address: bigint | null;
    }
  | {
      readonly kind: "ept-violation";
      readonly gpa: gpa_t;
      /** null when the access was by no linear address. */
      readonly gva: gva_t | null;
      /** SDM 3C, "Exit Qualification for EPT Violations". */
      readonly qualification: bigint;
    }
  | { readonly kind: "ept-misconfiguration"; readonly gpa: gpa_t }
  | { readonly kind: "external-interrupt" }
  /** The instruction budget is used up. */
  | { readonly kind: "preempted" }
  | { readonly kind: "hlt" }
  | { readonly kind: "triple-fault" }
  /** Something that domains do not do: `cpuid`, `rdmsr`, a control register ...; the name is the manual's. */
  | { readonly kind: "other"; readonly reason: number; readonly name: string; readonly qualification: bigint };

/** Why a domain stopped running, and after how many instructions. */
export type LcdArchExit = { readonly instructions: number } & LcdArchExitCause;

const PAGE_FAULT = 14;
const VECTOR = 0xff;
const LINEAR_VALID = 1n << 7n;

/** Reads the exit fields of a domain's VMCS (SDM 3C, "VM-Exit Information Fields"). */
export function readExit(lcd: LcdArch): LcdArchExitCause {
  const fullReason = Number(vmread(lcd, VmcsField.exitReason));
  const reason = (fullReason & ~ENTRY_FAILURE) >>> 0;
  switch (reason) {
    case ExitReason.vmcall:
      lcd_arch_set_pc(lcd, __gva(lcd_arch_pc(lcd) + vmread(lcd, VmcsField.exitInstructionLength)));
      return { kind: "vmcall" };
    case ExitReason.exceptionOrNmi:
      return readException(lcd);
    case ExitReason.eptViolation: {
      const qualification = vmread(lcd, VmcsField.exitQualification);
      const gva = (qualification & LINEAR_VALID) === 0n ? null : __gva(vmread(lcd, VmcsField.guestLinearAddress));
      return { kind: "ept-violation", gpa: __gpa(vmread(lcd, VmcsField.guestPhysicalAddress)), gva, qualification };
    }
    case ExitReason.eptMisconfiguration:
      return { kind: "ept-misconfiguration", gpa: __gpa(vmread(lcd, VmcsField.guestPhysicalAddress)) };
    case ExitReason.externalInterrupt:
      return { kind: "external-interrupt" };
    case ExitReason.preemptionTimer:
      return { kind: "preempted" };
    case ExitReason.hlt:
      return { kind: "hlt" };
    case ExitReason.tripleFault:
      return { kind: "triple-fault" };
    default: {
      const qualification = vmread(lcd, VmcsField.exitQualification);
      return { kind: "other", reason, name: exitReasonName(reason), qualification };
    }
  }
}

function readException(lcd: LcdArch): LcdArchExitCause {
  const information = Number(vmread(lcd, VmcsField.exitInterruptionInformation));
  const vector = information & VECTOR;
  const hasErrorCode = (information & InterruptionInformation.errorCodeValid) !== 0;
  return {
    kind: "exception",
    vector,
    errorCode: hasErrorCode ? Number(vmread(lcd, VmcsField.exitInterruptionErrorCode)) : null,
    address: vector === PAGE_FAULT ? vmread(lcd, VmcsField.exitQualification) : null,
  };
}
