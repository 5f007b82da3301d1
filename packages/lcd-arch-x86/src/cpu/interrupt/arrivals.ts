import { ExitReason } from "../../vmx/exit-reason";
import type { Processor, RunStop } from "../processor";
import { Rflags } from "../state";
import type { Wiring } from "../wiring";
import { externalInterrupt, NMI_EVENT } from "./event";
import { deliver } from "./raise";
import { BLOCKING_FOR_ONE_INSTRUCTION, Blocking } from "./shadow";

/**
 * Takes what has arrived from outside, if it may be taken at this instruction boundary: an NMI before an interrupt
 * (SDM 3A, "Priority Among Concurrent Events"). In a guest both cause VM exits, and stay pending.
 *
 * @returns null when the processor goes on: in a handler, if something was taken
 */
export function takeArrivals(p: Processor, wiring: Wiring): RunStop | null {
  if (wiring.nmiPending() && (p.interruptibility & (BLOCKING_FOR_ONE_INSTRUCTION | Blocking.byNmi)) === 0) {
    wiring.takeNmi();
    if (p.nonRoot) {
      p.vmx.exitForException(NMI_EVENT);
      return { kind: "vm-exit" };
    }
    return deliver(p, NMI_EVENT);
  }
  if (!wiring.interruptPending()) {
    return null;
  }
  if (p.nonRoot) {
    p.vmExit(ExitReason.externalInterrupt);
    return { kind: "vm-exit" };
  }
  const enabled = (p.state.get32("systemFlags") & Rflags.IF) !== 0;
  if (!enabled || (p.interruptibility & BLOCKING_FOR_ONE_INSTRUCTION) !== 0) {
    return null;
  }
  return deliver(p, externalInterrupt(wiring.acknowledgeInterrupt()));
}
