import { Rights } from "../../vmx/segments";
import { generalProtection, notPresent, stackFault } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { StateWord } from "../state-word";
import { in64BitMode, inProtectedMode, inVirtual8086 } from "../system/mode";
import { isNull, RPL, selectorError } from "./descriptor";
import { setNullSegment, setSegment, setSegmentFrom } from "./registers";
import { readDescriptor, setAccessed } from "./table";
import { setV86Segment } from "./task-segments";

/** A segment register that cannot be used gets these in real-address mode: data that may be read and written. */
const REAL_LIMIT = 0xffff;
const REAL_RIGHTS = 0x93;

/**
 * Loads ES, SS, DS, FS or GS (SDM 2B, "MOV", "Loading ... with selector"). The caller calls `addressSpaceChanged`.
 *
 * @throws GuestException, LinearAccessError; then nothing has changed
 */
export function loadSegment(p: Processor, segment: number, selector: number): void {
  if (!inProtectedMode(p)) {
    loadRealSegment(p, segment, selector);
  } else if (segment === Segment.ss) {
    loadStackSegment(p, selector);
  } else {
    loadDataSegment(p, segment, selector);
  }
}

/** Loads a segment register, CS too, in real-address mode, where limit and rights stay what they were, or in virtual-8086 mode. */
export function loadRealSegment(p: Processor, segment: number, selector: number): void {
  const { state } = p;
  const rights = state.u32[StateWord.segmentRights + segment];
  if (inVirtual8086(p)) {
    setV86Segment(p, segment, selector);
  } else if ((rights & Rights.unusable) !== 0) {
    setSegment(state, segment, selector, selector << 4, REAL_LIMIT, REAL_RIGHTS);
  } else {
    setSegment(state, segment, selector, selector << 4, state.u32[StateWord.segmentLimit + segment], rights);
  }
}

function loadStackSegment(p: Processor, selector: number): void {
  const { state } = p;
  const cpl = state.u32[StateWord.cpl];
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
  const forbidden = !descriptor.isConforming && ((selector & RPL) > dpl || state.u32[StateWord.cpl] > dpl);
  if (!descriptor.isReadable || forbidden) {
    throw generalProtection(selectorError(selector));
  }
  if (!descriptor.isPresent) {
    throw notPresent(selectorError(selector));
  }
  setAccessed(p, descriptor);
  setSegmentFrom(state, segment, selector, descriptor);
}
