import { isCanonicalHigh } from "../../mmu/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { inLongMode } from "../system/mode";
import type { Descriptor } from "./descriptor";
import { setCodeSegment } from "./registers";

/**
 * Checks where a far transfer goes in its code segment: a canonical address in 64-bit code, elsewhere an offset within
 * the limit.
 *
 * @throws GuestException #GP(0)
 */
export function checkTarget(p: Processor, code: Descriptor, low: number, high: number): void {
  const inside =
    inLongMode(p) && code.isLong ? isCanonicalHigh(high, p.state.low("cr4")) : high === 0 && low <= code.limit;
  if (!inside) {
    throw generalProtection();
  }
}

/** The same in real-address and virtual-8086 mode, where the limit of CS stays. @throws GuestException #GP(0) */
export function checkRealTarget({ state }: Processor, offset: number): void {
  if (offset > state.get32("segmentLimit", Segment.cs)) {
    throw generalProtection();
  }
}

/** Goes there: CS, CPL and RIP. */
export function goTo(p: Processor, selector: number, cpl: number, code: Descriptor, low: number, high: number): void {
  setCodeSegment(p.state, selector, cpl, code);
  p.state.setHalves("rip", low, high);
}
