import { Vector } from "../cpu/exception";
import type { InterruptEvent } from "../cpu/interrupt/event";
import { Secondary } from "./controls";
import { secondaryControls } from "./entry-check/control-checks";
import { injectedEvent } from "./event-injection";
import {
  ENTRY_FAILURE,
  ExitReason,
  InterruptionInformation,
  interruptionInformation,
  type VmExitInformation,
} from "./exit-reason";
import { loadGuestState, saveGuestState } from "./guest-state";
import { loadHostState } from "./host-state";
import { loadPdptes } from "./pdptes";
import { loadPendingDebug, savePendingDebug } from "./pending-debug";
import type { VmxProcessorPort } from "./processor-port";
import { savedRflags } from "./resume-flag";
import type { Vmcs } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

/**
 * From host to guest: a VM entry whose checks have passed (SDM 3C, "Loading Guest State").
 *
 * @returns false when the PDPTE registers cannot be loaded: the entry is to be failed
 */
export function enterGuest(port: VmxProcessorPort, vmcs: Vmcs): boolean {
  loadGuestState(port, vmcs);
  if (!loadPdptes(port, vmcs)) return false;
  vmcs.launched = true;
  port.injected = injectedEvent(vmcs);
  loadPendingDebug(port, vmcs);
  switchAddressSpace(port, vmcs);
  return true;
}

/** From guest to host (SDM 3C, "Recording VM-Exit Information", "Saving Guest State", "Loading Host State"). */
export function leaveGuest(port: VmxProcessorPort, vmcs: Vmcs, reason: number, information: VmExitInformation): void {
  vmcs.set32(F.exitReason, reason);
  vmcs.set(F.exitQualification, information.qualification ?? 0n);
  vmcs.set32(F.exitInterruptionInformation, information.interruptionInformation ?? 0);
  vmcs.set32(F.exitInterruptionErrorCode, information.interruptionErrorCode ?? 0);
  recordVectoring(vmcs, port.delivering);
  vmcs.set32(F.exitInstructionLength, information.instructionLength ?? port.delivering?.length ?? 0);
  vmcs.set32(F.exitInstructionInformation, information.instructionInformation ?? 0);
  vmcs.set(F.guestLinearAddress, information.guestLinearAddress ?? 0n);
  vmcs.set(F.guestPhysicalAddress, information.guestPhysicalAddress ?? 0n);
  vmcs.set32(
    F.entryInterruptionInformation,
    vmcs.get32(F.entryInterruptionInformation) & ~InterruptionInformation.valid,
  );
  savePendingDebug(port, vmcs, isDebugException(reason, information));
  saveGuestState(port, vmcs);
  vmcs.set(F.guestRflags, savedRflags(port.rflags, reason, information, port.delivering));
  port.delivering = null;
  port.injected = null;
  loadHostState(port, vmcs);
  switchAddressSpace(port, vmcs);
}

const VECTOR = 0xff;

const isDebugException = (reason: number, { interruptionInformation: information = 0 }: VmExitInformation): boolean =>
  reason === ExitReason.exceptionOrNmi && (information & VECTOR) === Vector.debug;

/** SDM 3C, "Information for VM Exits That Occur During Event Delivery". */
function recordVectoring(vmcs: Vmcs, event: InterruptEvent | null): void {
  vmcs.set32(F.idtVectoringInformation, event === null ? 0 : interruptionInformation(event));
  vmcs.set32(F.idtVectoringErrorCode, event?.errorCode ?? 0);
}

/** Back to the host for invalid guest state: none is saved (SDM 3C, "VM-Entry Failures During or After Loading Guest State"). */
export function failEntry(port: VmxProcessorPort, vmcs: Vmcs, qualification: bigint): void {
  vmcs.set32(F.exitReason, ENTRY_FAILURE | ExitReason.invalidGuestState);
  vmcs.set(F.exitQualification, qualification);
  loadHostState(port, vmcs);
  switchAddressSpace(port, vmcs);
}

/** Without VPIDs, VM entries and VM exits drop the translations of VPID 0 (SDM 3C, "Operations that Invalidate Cached Mappings"). */
function switchAddressSpace(port: VmxProcessorPort, vmcs: Vmcs): void {
  if ((secondaryControls(vmcs) & Secondary.enableVpid) === 0) port.invalidateVpid(0, null);
  port.addressSpaceChanged();
}
