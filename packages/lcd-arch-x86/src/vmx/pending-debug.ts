import { Rflags } from "../cpu/state";
import type { Check } from "./entry-check/check";
import { injectedEvent } from "./event-injection";
import type { VmxProcessorPort } from "./processor-port";
import type { Vmcs } from "./vmcs";
import { VmcsField as F } from "./vmcs-field";

/** Debug exceptions that have not been delivered (SDM 3C, table "Format of Pending-Debug-Exceptions"). */
const Pending = {
  /** B0 to B3, whether they are enabled or not. */
  breakpoints: 0xfn,
  enabledBreakpoint: 1n << 12n,
  singleStep: 1n << 14n,
} as const;

const VALID = Pending.enabledBreakpoint | Pending.singleStep;
const RESERVED = ~(Pending.breakpoints | VALID);

/** Bits of the interruptibility state. */
const BLOCKING_BY_STI = 1;
const BLOCKING_BY_MOV_SS = 2;

/** A single step is pending if and only if one is due. IA32_DEBUGCTL.BTF does not exist. */
const disagreesWithTf = (v: Vmcs): boolean =>
  v.has(F.guestInterruptibility, BLOCKING_BY_STI | BLOCKING_BY_MOV_SS) &&
  ((v.get(F.guestPendingDebug) & Pending.singleStep) !== 0n) !== v.has(F.guestRflags, Rflags.TF);

/** SDM 3C, "Checks on Guest Non-Register State", on pending debug exceptions. */
export const pendingDebugChecks: readonly Check[] = [
  ["guest pending debug exceptions: a reserved bit", (v) => (v.get(F.guestPendingDebug) & RESERVED) !== 0n],
  ["guest pending debug exceptions: BS while events are blocked is not RFLAGS.TF", disagreesWithTf],
];

/**
 * What is pending comes before the guest's first instruction, or behind it when MOV SS blocks it; an injected event takes
 * its place (SDM 3C, "Delivery of Pending Debug Exceptions after VM Entry").
 */
export function loadPendingDebug(port: VmxProcessorPort, vmcs: Vmcs): void {
  const pending = vmcs.get(F.guestPendingDebug);
  if ((pending & VALID) === 0n || injectedEvent(vmcs) !== null) return;
  if (!vmcs.has(F.guestInterruptibility, BLOCKING_BY_MOV_SS)) {
    port.pendingDebug = pending & (Pending.breakpoints | Pending.singleStep);
  } else if ((pending & Pending.enabledBreakpoint) !== 0n) {
    // A single step is due behind the instruction anyway.
    port.breakpoints.met = Number(pending & Pending.breakpoints);
  }
}

/**
 * Saves what MOV SS has blocked (SDM 3C, "Saving Non-Register State"); else nothing is pending.
 *
 * @param caused whether the VM exit is that of a debug exception
 */
export function savePendingDebug(port: VmxProcessorPort, vmcs: Vmcs, caused: boolean): void {
  const { breakpoints } = port;
  const blocked = !caused && (port.interruptibility & BLOCKING_BY_MOV_SS) !== 0;
  const met = breakpoints.met === 0 ? 0n : BigInt(breakpoints.met) | Pending.enabledBreakpoint;
  const step = (port.rflags & BigInt(Rflags.TF)) === 0n ? 0n : Pending.singleStep;
  vmcs.set(F.guestPendingDebug, blocked ? met | step : 0n);
  breakpoints.met = 0;
  port.pendingDebug = 0n;
}
