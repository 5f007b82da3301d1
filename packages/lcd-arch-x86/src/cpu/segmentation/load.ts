import { Rights } from "../../vmx/segments";
import { generalProtection, notPresent, stackFault } from "../exception";
import type { Processor } from "../processor";
import { type CpuState, Segment } from "../state";
import { in64BitMode, inProtectedMode } from "../system/mode";
import { isNull, RPL, selectorError } from "./descriptor";
import { setNullSegment, setSegment, setSegmentFrom } from "./registers";
import { readDescriptor, setAccessed } from "./table";

/** Data that may be read and written, accessed, present, of DPL 3: every segment of virtual-8086 mode. */
export const V86_RIGHTS = 0xf3;
export const V86_LIMIT = 0xffff;

/** As above, of DPL 0. */
const REAL_RIGHTS = 0x93;

/**
 * Loads ES, SS, DS, FS or GS (SDM 2B, "MOV", "Loading ... with selector"). The caller calls `addressSpaceChanged`.
 *
 * @throws GuestException, LinearAccessError; then nothing has changed
 */
export function loadSegment(p: Processor, segment: number, selector: number): void {
  if (!inProtectedMode(p)) {
    loadRealSegment(p.state, segment, selector);
  } else if (segment === Segment.ss) {
    loadStackSegment(p, selector);
  } else {
    loadDataSegment(p, segment, selector);
  }
}

/** In real-address mode the base follows from the selector, and limit and rights stay what they were. */
export function loadRealSegment(state: CpuState, segment: number, selector: number): void {
  const virtual8086 = state.get32("cpl") !== 0;
  const rights = state.get32("segmentRights", segment);
  if (virtual8086) {
    setSegment(state, segment, selector, selector << 4, V86_LIMIT, V86_RIGHTS);
  } else if ((rights & Rights.unusable) !== 0) {
    setSegment(state, segment, selector, selector << 4, V86_LIMIT, REAL_RIGHTS);
  } else {
    setSegment(state, segment, selector, selector << 4, state.get32("segmentLimit", segment), rights);
  }
}

function loadStackSegment(p: Processor, selector: number): void {
  const { state } = p;
  const cpl = state.get32("cpl");
  if (isNull(selector)) {
    if (!in64BitMode(p) || cpl === 3 || (selector & RPL) !== cpl) {
      throw generalProtection();
    }
    setNullSegment(state, Segment.ss, selector, cpl);
    return;
  }
  const descriptor = readDescriptor(p, selector);
  if ((selector & RPL) !== cpl || !descriptor.isWritableData || descriptor.dpl !== cpl) {
    throw generalProtection(selectorError(selector));
  }
  if (!descriptor.isPresent) {
    throw stackFault(selectorError(selector));
  }
  setAccessed(p, descriptor);
  setSegmentFrom(state, Segment.ss, selector, descriptor);
}

function loadDataSegment(p: Processor, segment: number, selector: number): void {
  const { state } = p;
  if (isNull(selector)) {
    setNullSegment(state, segment, selector);
    return;
  }
  const descriptor = readDescriptor(p, selector);
  const { dpl } = descriptor;
  const forbidden = !descriptor.isConforming && ((selector & RPL) > dpl || state.get32("cpl") > dpl);
  if (!descriptor.isReadable || forbidden) {
    throw generalProtection(selectorError(selector));
  }
  if (!descriptor.isPresent) {
    throw notPresent(selectorError(selector));
  }
  setAccessed(p, descriptor);
  setSegmentFrom(state, segment, selector, descriptor);
}
