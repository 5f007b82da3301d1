import { ExitReason } from "../../vmx/exit-reason";
import type { Processor, RunStop } from "../processor";
import { Rflags } from "../state";
import type { Wiring } from "../wiring";
import { externalInterrupt, NMI_EVENT } from "./event";
import { deliver } from "./raise";
import { BLOCKING_FOR_ONE_INSTRUCTION, Blocking } from "./shadow";

/**
 * Takes what has arrived from outside, if it may be taken at this instruction boundary: an NMI before an interrupt
 * (SDM 3A, "Priority Among Concurrent Events"). In a guest both cause VM exits, and between them comes that for an
 * interrupt window (SDM 3C, "Other Causes of VM Exits").
 *
 * @param wiring null: nothing arrives
 * @returns null when the processor goes on: in a handler, if something was taken
 */
export function takeArrivals(p: Processor, wiring: Wiring | null): RunStop | null {
  if (wiring?.nmiPending() && (p.interruptibility & (BLOCKING_FOR_ONE_INSTRUCTION | Blocking.byNmi)) === 0) {
    wiring.takeNmi();
    if (p.nonRoot) {
      p.vmx.exitForException(NMI_EVENT);
      p.interruptibility |= Blocking.byNmi;
      return { kind: "vm-exit" };
    }
    return deliver(p, NMI_EVENT);
  }
  if (p.exitsAtInterruptWindow && isWindowOpen(p)) {
    p.vmExit(ExitReason.interruptWindow);
    return { kind: "vm-exit" };
  }
  if (!wiring?.interruptPending()) {
    return null;
  }
  if (p.nonRoot) {
    p.vmx.exitForInterrupt(() => wiring.acknowledgeInterrupt());
    return { kind: "vm-exit" };
  }
  if (!isWindowOpen(p)) {
    return null;
  }
  return deliver(p, externalInterrupt(wiring.acknowledgeInterrupt()));
}

/** Whether interrupts would be taken: RFLAGS.IF is set, and neither STI nor MOV SS blocks them. */
const isWindowOpen = (p: Processor): boolean =>
  (p.state.get32("systemFlags") & Rflags.IF) !== 0 && (p.interruptibility & BLOCKING_FOR_ONE_INSTRUCTION) === 0;
