import { CR3_TARGETS } from "../capability";
import { allowsControls, controlSets, ExitControl, PinBased, ProcessorBased, Secondary } from "../controls";
import { MsrLists, msrListCheck } from "../msr-lists";
import type { Vmcs } from "../vmcs";
import { VmcsField as F } from "../vmcs-field";
import { type Check, isFrame, isPhysical, when } from "./check";
import { injectionChecks } from "./injection-checks";

/** The secondary controls in effect: all 0 unless they are activated. */
export function secondaryControls(vmcs: Vmcs): number {
  return vmcs.has(F.processorControls, ProcessorBased.activateSecondaryControls) ? vmcs.get32(F.secondaryControls) : 0;
}

const EPTP_UNCACHEABLE = 0n;
const EPTP_WRITE_BACK = 6n;
const EPTP_WALK_LENGTH_4 = 3n;

/** May an EPT pointer have this value? (SDM 3C, "VM-Execution Control Fields", enable EPT) */
export function isEptPointer(eptp: bigint): boolean {
  const memoryType = eptp & 7n;
  if (memoryType !== EPTP_UNCACHEABLE && memoryType !== EPTP_WRITE_BACK) return false;
  return ((eptp >> 3n) & 7n) === EPTP_WALK_LENGTH_4 && (eptp & 0xf80n) === 0n && isPhysical(eptp);
}

/** SDM 3C, "Checks on VMX Controls". */
export const controlChecks: readonly Check[] = [
  ["pin-based controls: not allowed", (v) => !allowsControls(controlSets.pinBased, v.get32(F.pinBasedControls))],
  ["processor controls: not allowed", (v) => !allowsControls(controlSets.processor, v.get32(F.processorControls))],
  ["secondary controls: not allowed", (v) => !allowsControls(controlSets.secondary, secondaryControls(v))],
  ["more CR3-target values than there are", (v) => v.get32(F.cr3TargetCount) > CR3_TARGETS],
  ...when(
    (v) => v.has(F.processorControls, ProcessorBased.useIoBitmaps),
    [
      ["I/O bitmap A: not the address of a page", (v) => !isFrame(v.get(F.ioBitmapA))],
      ["I/O bitmap B: not the address of a page", (v) => !isFrame(v.get(F.ioBitmapB))],
    ],
  ),
  ["VPID 0 with VPIDs enabled", (v) => (secondaryControls(v) & Secondary.enableVpid) !== 0 && hasNoVpid(v)],
  ["EPT pointer", (v) => (secondaryControls(v) & Secondary.enableEpt) !== 0 && !isEptPointer(v.get(F.eptPointer))],
  ["exit controls: not allowed", (v) => !allowsControls(controlSets.exit, v.get32(F.exitControls))],
  [
    "exit controls: save VMX-preemption timer without the timer",
    (v) =>
      v.has(F.exitControls, ExitControl.savePreemptionTimer) &&
      !v.has(F.pinBasedControls, PinBased.activatePreemptionTimer),
  ],
  msrListCheck(MsrLists.exitStore),
  msrListCheck(MsrLists.exitLoad),
  ["entry controls: not allowed", (v) => !allowsControls(controlSets.entry, v.get32(F.entryControls))],
  ...injectionChecks,
  msrListCheck(MsrLists.entryLoad),
];

function hasNoVpid(vmcs: Vmcs): boolean {
  return vmcs.get32(F.virtualProcessorId) === 0;
}
