import { __hpa } from "../address";
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
import { loadMsrs, MsrLists, storeMsrs } from "./msr-lists";
import { loadPdptes } from "./pdptes";
import { loadPendingDebug, savePendingDebug } from "./pending-debug";
import type { VmxProcessorPort } from "./processor-port";
import { savedRflags } from "./resume-flag";
import { type Vmcs, VmcsRegion } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

/** VMX-abort indicators (SDM 3C, "VMX Aborts"). */
const VmxAbort = { savingGuestMsrs: 1, loadingHostMsrs: 4 } as const;

/** Exit qualification of a VM-entry failure in loading PDPTEs. */
const PDPTE_FAILURE = 2n;

/** Why a VM entry has failed when its checks had passed. */
export interface EntryFailure {
  /** Basic exit reason. */
  readonly reason: number;
  readonly qualification: bigint;
  readonly words: string;
}

/**
 * From host to guest: a VM entry whose checks have passed (SDM 3C, "Loading Guest State").
 *
 * @returns null when the processor is in the guest; else the entry is to be failed
 */
export function enterGuest(port: VmxProcessorPort, vmcs: Vmcs): EntryFailure | null {
  loadGuestState(port, vmcs);
  if (!loadPdptes(port, vmcs)) {
    const words = "guest PDPTEs: a reserved bit";
    return { reason: ExitReason.invalidGuestState, qualification: PDPTE_FAILURE, words };
  }
  const entry = loadMsrs(port, vmcs, MsrLists.entryLoad);
  if (entry !== 0) {
    const words = `VM-entry MSR-load area: entry ${entry}`;
    return { reason: ExitReason.msrLoading, qualification: BigInt(entry), words };
  }
  vmcs.launched = true;
  port.injected = injectedEvent(vmcs);
  loadPendingDebug(port, vmcs);
  switchAddressSpace(port, vmcs);
  return null;
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
  const stored = storeMsrs(port, vmcs, MsrLists.exitStore) === 0;
  loadHost(port, vmcs);
  if (!stored) abort(port, vmcs, VmxAbort.savingGuestMsrs);
}

function loadHost(port: VmxProcessorPort, vmcs: Vmcs): void {
  loadHostState(port, vmcs);
  switchAddressSpace(port, vmcs);
  if (loadMsrs(port, vmcs, MsrLists.exitLoad) !== 0) abort(port, vmcs, VmxAbort.loadingHostMsrs);
}

/** The processor cannot go on in its host, and tells why in the VMCS region. */
function abort(port: VmxProcessorPort, vmcs: Vmcs, indicator: number): void {
  port.memory.writeU32(__hpa(vmcs.address + BigInt(VmcsRegion.abort)), indicator);
  port.shutDown();
}

const VECTOR = 0xff;

const isDebugException = (reason: number, { interruptionInformation: information = 0 }: VmExitInformation): boolean =>
  reason === ExitReason.exceptionOrNmi && (information & VECTOR) === Vector.debug;

/** SDM 3C, "Information for VM Exits That Occur During Event Delivery". */
function recordVectoring(vmcs: Vmcs, event: InterruptEvent | null): void {
  vmcs.set32(F.idtVectoringInformation, event === null ? 0 : interruptionInformation(event));
  vmcs.set32(F.idtVectoringErrorCode, event?.errorCode ?? 0);
}

/** Back to the host without having been in the guest: no guest state is saved (SDM 3C, "VM-Entry Failures During or After Loading Guest State"). */
export function failEntry(port: VmxProcessorPort, vmcs: Vmcs, reason: number, qualification: bigint): void {
  vmcs.set32(F.exitReason, ENTRY_FAILURE | reason);
  vmcs.set(F.exitQualification, qualification);
  loadHost(port, vmcs);
}

/** Without VPIDs, VM entries and VM exits drop the translations of VPID 0 (SDM 3C, "Operations that Invalidate Cached Mappings"). */
function switchAddressSpace(port: VmxProcessorPort, vmcs: Vmcs): void {
  if ((secondaryControls(vmcs) & Secondary.enableVpid) === 0) port.invalidateVpid(0, null);
  port.addressSpaceChanged();
}
