import { Cr0, Efer } from "../mmu/control-bits";
import { EntryControl, ExitControl, PinBased, ProcessorBased, Secondary } from "./controls";
import { isIa32e } from "./entry-check/check";
import { secondaryControls } from "./entry-check/control-checks";
import { savePdptes } from "./pdptes";
import type { VmxProcessorPort } from "./processor-port";
import { guestSegments, Rights } from "./segments";
import type { Vmcs } from "./vmcs";
import { VmcsField as F, type VmcsField } from "./vmcs-field";

/** CR0 bits that VM entries and VM exits do not change: ET, NW, CD and those that are reserved. */
export const CR0_KEPT = BigInt.asUintN(32, BigInt(Cr0.ET | Cr0.NW | Cr0.CD | 0x1ff8_0000 | (1 << 17) | 0xffc0));

/** DR7 bits that a load clears, and the one that it sets. */
const DR7_CLEARED = 0xd000n;
const DR7_FIXED = 0x400n;

const segments = Object.values(guestSegments);

/** Guest-state fields that are 64-bit fields of the processor's state. */
const registers = [
  [F.guestSysenterEsp, "sysenterEsp"],
  [F.guestSysenterEip, "sysenterEip"],
  [F.guestGdtrBase, "gdtrBase"],
  [F.guestIdtrBase, "idtrBase"],
  [F.guestRip, "rip"],
] as const satisfies readonly (readonly [VmcsField, string])[];

const RSP = 4;

const LONG_MODE = BigInt(Efer.LME | Efer.LMA);
const withLongMode = (efer: bigint, on: boolean): bigint => (on ? efer | LONG_MODE : efer & ~LONG_MODE);

/** SDM 3C, "Loading Guest State", and the execution controls that take effect with it. */
export function loadGuestState(port: VmxProcessorPort, vmcs: Vmcs): void {
  const { state } = port;
  const loads = (control: number): boolean => vmcs.has(F.entryControls, control);

  state.set64("cr0", (vmcs.get(F.guestCr0) & ~CR0_KEPT) | (state.get64("cr0") & CR0_KEPT));
  state.set64("cr3", vmcs.get(F.guestCr3));
  state.set64("cr4", vmcs.get(F.guestCr4));
  if (loads(EntryControl.loadDebugControls)) {
    state.set64("dr", (vmcs.get(F.guestDr7) & ~DR7_CLEARED) | DR7_FIXED, 7);
    state.set64("debugctl", vmcs.get(F.guestDebugctl));
  }
  if (loads(EntryControl.loadPat)) state.set64("pat", vmcs.get(F.guestPat));
  if (loads(EntryControl.loadEfer)) state.set64("efer", vmcs.get(F.guestEfer));
  else state.set64("efer", withLongMode(state.get64("efer"), isIa32e(vmcs)));
  state.set64("sysenterCs", vmcs.get(F.guestSysenterCs));
  for (const [field, register] of registers) state.set64(register, vmcs.get(field));
  state.gpr[RSP] = vmcs.get(F.guestRsp);
  state.set32("gdtrLimit", vmcs.get32(F.guestGdtrLimit));
  state.set32("idtrLimit", vmcs.get32(F.guestIdtrLimit));
  for (const { register, selector, base, limit, rights } of segments) {
    state.set32("segmentSelector", vmcs.get32(selector), register);
    state.set64("segmentBase", vmcs.get(base), register);
    state.set32("segmentLimit", vmcs.get32(limit), register);
    state.set32("segmentRights", vmcs.get32(rights), register);
  }
  state.set32("cpl", (vmcs.get32(F.guestSsRights) >> Rights.dplShift) & 3);
  port.rflags = vmcs.get(F.guestRflags);
  port.interruptibility = vmcs.get32(F.guestInterruptibility);

  const secondary = secondaryControls(vmcs);
  state.set64("eptp", (secondary & Secondary.enableEpt) !== 0 ? vmcs.get(F.eptPointer) : 0n);
  state.set64("vpid", (secondary & Secondary.enableVpid) !== 0 ? vmcs.get(F.virtualProcessorId) : 0n);
  state.set32("nonRoot", 1);
  const timed = vmcs.has(F.pinBasedControls, PinBased.activatePreemptionTimer);
  port.exitsAtInterruptWindow = vmcs.has(F.processorControls, ProcessorBased.interruptWindowExiting);
  port.deadline = timed ? port.time + vmcs.get32(F.preemptionTimer) : Number.POSITIVE_INFINITY;
}

/** SDM 3C, "Saving Guest State", but for RFLAGS. */
export function saveGuestState(port: VmxProcessorPort, vmcs: Vmcs): void {
  const { state } = port;
  const saves = (control: number): boolean => vmcs.has(F.exitControls, control);

  vmcs.set(F.guestCr0, state.get64("cr0"));
  vmcs.set(F.guestCr3, state.get64("cr3"));
  vmcs.set(F.guestCr4, state.get64("cr4"));
  if (saves(ExitControl.saveDebugControls)) {
    vmcs.set(F.guestDr7, state.get64("dr", 7));
    vmcs.set(F.guestDebugctl, state.get64("debugctl"));
  }
  if (saves(ExitControl.savePat)) vmcs.set(F.guestPat, state.get64("pat"));
  if (saves(ExitControl.saveEfer)) vmcs.set(F.guestEfer, state.get64("efer"));
  vmcs.set32(F.guestSysenterCs, state.low("sysenterCs"));
  for (const [field, register] of registers) vmcs.set(field, state.get64(register));
  vmcs.set(F.guestRsp, state.gpr[RSP]);
  vmcs.set32(F.guestGdtrLimit, state.get32("gdtrLimit"));
  vmcs.set32(F.guestIdtrLimit, state.get32("idtrLimit"));
  for (const { register, selector, base, limit, rights } of segments) {
    vmcs.set32(selector, state.get32("segmentSelector", register));
    vmcs.set(base, state.get64("segmentBase", register));
    vmcs.set32(limit, state.get32("segmentLimit", register));
    vmcs.set32(rights, state.get32("segmentRights", register));
  }
  vmcs.set32(F.guestInterruptibility, port.interruptibility);
  vmcs.set32(F.guestActivity, 0);
  savePdptes(port, vmcs);
  if (saves(ExitControl.savePreemptionTimer)) {
    vmcs.set32(F.preemptionTimer, Math.max(0, port.deadline - port.time));
  }
}
