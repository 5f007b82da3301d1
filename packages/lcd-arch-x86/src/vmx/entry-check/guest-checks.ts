import { Rflags } from "../../cpu/state";
import { Cr4 } from "../../mmu/control-bits";
import { isCanonical, MAX_LINEAR_BITS } from "../../mmu/index";
import { cr0AllowedInVmx, cr4AllowedInVmx } from "../capability";
import { EntryControl } from "../controls";
import { injectedEvent } from "../event-injection";
import { InterruptionType } from "../exit-reason";
import { pendingDebugChecks } from "../pending-debug";
import { guestSegments, Rights } from "../segments";
import type { Vmcs } from "../vmcs";
import { VmcsField as F, type VmcsField } from "../vmcs-field";
import { type Check, isEfer, isIa32e, isPat, isPhysical, isVirtual8086 } from "./check";
import { segmentChecks } from "./segment-checks";

const canonical = (name: string, field: VmcsField): Check => [
  `guest ${name}: not canonical`,
  (v) => !isCanonical(v.get(field)),
];

const loads = (v: Vmcs, control: number): boolean => v.has(F.entryControls, control);

/** Blocking by STI, by MOV SS, and by NMI, in the interruptibility state. */
const BLOCKING_BY_STI = 1;
const BLOCKING_BY_MOV_SS = 2;
const BLOCKING_BY_NMI = 8;
const INTERRUPTIBILITY = BLOCKING_BY_STI | BLOCKING_BY_MOV_SS | BLOCKING_BY_NMI;

const RFLAGS_RESERVED = ~0x3f_7fd7n;

/** SDM 3C, "Checks on Guest Control Registers, Debug Registers, and MSRs". */
const registerChecks: readonly Check[] = [
  ["guest CR0: a bit that VMX operation fixes", (v) => !cr0AllowedInVmx(v.get(F.guestCr0))],
  ["guest CR4: a bit that VMX operation fixes", (v) => !cr4AllowedInVmx(v.get(F.guestCr4))],
  [
    "guest IA32_DEBUGCTL: a reserved bit",
    (v) => loads(v, EntryControl.loadDebugControls) && v.get(F.guestDebugctl) !== 0n,
  ],
  ["guest CR4: PAE is 0 in IA-32e mode", (v) => isIa32e(v) && !v.has(F.guestCr4, Cr4.PAE)],
  ["guest CR4: PCIDE outside IA-32e mode", (v) => !isIa32e(v) && v.has(F.guestCr4, Cr4.PCIDE)],
  ["guest CR3: a bit beyond the physical-address width", (v) => !isPhysical(v.get(F.guestCr3))],
  ["guest DR7: above 32 bits", (v) => loads(v, EntryControl.loadDebugControls) && v.get(F.guestDr7) >> 32n !== 0n],
  canonical("IA32_SYSENTER_ESP", F.guestSysenterEsp),
  canonical("IA32_SYSENTER_EIP", F.guestSysenterEip),
  ["guest IA32_PAT: memory type", (v) => loads(v, EntryControl.loadPat) && !isPat(v.get(F.guestPat))],
  [
    "guest IA32_EFER: a reserved bit, or LMA or LME is not what the mode is",
    (v) => loads(v, EntryControl.loadEfer) && !isEfer(v.get(F.guestEfer), isIa32e(v)),
  ],
];

/** SDM 3C, "Checks on Guest Descriptor-Table Registers", "Checks on Guest RIP, RFLAGS, and SSP". */
const descriptorAndFlowChecks: readonly Check[] = [
  canonical("GDTR base", F.guestGdtrBase),
  canonical("IDTR base", F.guestIdtrBase),
  ["guest GDTR limit: above 64 KiB", (v) => v.get32(F.guestGdtrLimit) >>> 16 !== 0],
  ["guest IDTR limit: above 64 KiB", (v) => v.get32(F.guestIdtrLimit) >>> 16 !== 0],
  ["guest RIP: bits 63:57 differ, or above 4 GiB outside 64-bit mode", (v) => !isRip(v)],
  ["guest RFLAGS: a reserved bit", (v) => (v.get(F.guestRflags) & RFLAGS_RESERVED) !== 0n],
  ["guest RFLAGS: bit 1 is 0", (v) => !v.has(F.guestRflags, Rflags.fixed)],
  ["guest RFLAGS: VM in IA-32e mode", (v) => isIa32e(v) && isVirtual8086(v)],
];

/** SDM 3C, "Checks on Guest Non-Register State", but for the VMCS link pointer. */
const nonRegisterChecks: readonly Check[] = [
  ["guest activity state: not active", (v) => v.get32(F.guestActivity) !== 0],
  ["guest interruptibility: a reserved bit", (v) => v.has(F.guestInterruptibility, ~INTERRUPTIBILITY)],
  [
    "guest interruptibility: blocking by both STI and MOV SS",
    (v) => v.has(F.guestInterruptibility, BLOCKING_BY_STI) && v.has(F.guestInterruptibility, BLOCKING_BY_MOV_SS),
  ],
  [
    "guest interruptibility: blocking by STI without RFLAGS.IF",
    (v) => v.has(F.guestInterruptibility, BLOCKING_BY_STI) && !v.has(F.guestRflags, Rflags.IF),
  ],
  [
    "guest interruptibility: an injected interrupt is blocked",
    (v) => injectsType(v, InterruptionType.externalInterrupt) && !takesInterrupts(v),
  ],
  [
    "guest interruptibility: an injected NMI is blocked by MOV SS",
    (v) => injectsType(v, InterruptionType.nmi) && v.has(F.guestInterruptibility, BLOCKING_BY_MOV_SS),
  ],
  ...pendingDebugChecks,
];

/** All checks on the guest-state area whose failure has exit qualification 0. */
export const guestChecks: readonly Check[] = [
  ...registerChecks,
  ...segmentChecks,
  ...descriptorAndFlowChecks,
  ...nonRegisterChecks,
];

const takesInterrupts = (v: Vmcs): boolean =>
  v.has(F.guestRflags, Rflags.IF) && !v.has(F.guestInterruptibility, BLOCKING_BY_STI | BLOCKING_BY_MOV_SS);

const injectsType = (v: Vmcs, type: number): boolean => injectedEvent(v)?.type === type;

/** In 64-bit mode RIP need not be canonical: bits above the width of linear addresses are all that counts. */
function isRip(vmcs: Vmcs): boolean {
  const rip = vmcs.get(F.guestRip);
  const top = BigInt.asIntN(64, rip) >> BigInt(MAX_LINEAR_BITS);
  return isIa32e(vmcs) && vmcs.has(guestSegments.cs.rights, Rights.long)
    ? top === 0n || top === -1n
    : rip >> 32n === 0n;
}
