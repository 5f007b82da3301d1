import { isCanonicalHigh } from "../../mmu/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { inLongMode } from "../system/mode";
import type { Descriptor } from "./descriptor";
import { setCodeSegment } from "./registers";

/**
 * Whether a far transfer may go there in its code segment: to a canonical address in 64-bit code, elsewhere to an offset
 * within the limit.
 */
export const isTarget = (p: Processor, code: Descriptor, low: number, high: number): boolean =>
  inLongMode(p) && code.isLong ? isCanonicalHigh(high, p.state.low("cr4")) : high === 0 && low <= code.limit;

/** The same in real-address and virtual-8086 mode, where the limit of CS stays. */
export const isRealTarget = ({ state }: Processor, offset: number): boolean =>
  offset <= state.get32("segmentLimit", Segment.cs);

/** @throws GuestException #GP(0) where `isTarget` does not hold */
export function checkTarget(p: Processor, code: Descriptor, low: number, high: number): void {
  if (!isTarget(p, code, low, high)) {
    throw generalProtection();
  }
}

/** @throws GuestException #GP(0) where `isRealTarget` does not hold */
export function checkRealTarget(p: Processor, offset: number): void {
  if (!isRealTarget(p, offset)) {
    throw generalProtection();
  }
}

/** Goes there: CS, CPL and RIP. */
export function goTo(p: Processor, selector: number, cpl: number, code: Descriptor, low: number, high: number): void {
  setCodeSegment(p.state, selector, cpl, code);
  p.state.setHalves("rip", low, high);
}
