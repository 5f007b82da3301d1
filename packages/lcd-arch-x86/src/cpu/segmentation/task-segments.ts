import { invalidTss, notPresent, stackFault } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { type Descriptor, isNull, RPL, SystemType, selectorError, TABLE_INDICATOR } from "./descriptor";
import { setNullSegment, setSegment, setSegmentFrom } from "./registers";
import { readDescriptor, setAccessed } from "./table";

/**
 * Loads LDTR and the segment registers of a task that the processor has switched to (SDM 3A, table "Exception Conditions
 * Checked During a Task Switch"). Faults are the new task's.
 *
 * @param selectors ES CS SS DS FS GS
 * @throws GuestException, LinearAccessError
 */
export function loadTaskSegments(p: Processor, ldt: number, selectors: readonly number[], virtual8086: boolean): void {
  loadLocalTable(p, ldt);
  if (virtual8086) {
    selectors.forEach((selector, segment) => {
      setV86Segment(p, segment, selector);
    });
    return;
  }
  loadStack(p, selectors[Segment.ss]);
  loadCode(p, selectors[Segment.cs]);
  for (const segment of dataSegments) {
    loadData(p, segment, selectors[segment]);
  }
}

const dataSegments = [Segment.es, Segment.ds, Segment.fs, Segment.gs] as const;

/** Data that may be read and written, accessed, present, of DPL 3: every segment of virtual-8086 mode. */
const V86_RIGHTS = 0xf3;
const V86_LIMIT = 0xffff;

/** Loads a segment register of virtual-8086 mode: its base follows from the selector. */
export function setV86Segment({ state }: Processor, segment: number, selector: number): void {
  setSegment(state, segment, selector, selector << 4, V86_LIMIT, V86_RIGHTS);
}

function loadLocalTable(p: Processor, selector: number): void {
  if (isNull(selector)) {
    return;
  }
  const error = selectorError(selector);
  if ((selector & TABLE_INDICATOR) !== 0) {
    throw invalidTss(error);
  }
  const table = readDescriptor(p, selector, invalidTss);
  if (!table.isSystem || table.type !== SystemType.ldt || !table.isPresent) {
    throw invalidTss(error);
  }
  setSegment(p.state, Segment.ldtr, selector, table.base, table.limit, table.rights);
}

function loadCode(p: Processor, selector: number): void {
  const code = readTaskDescriptor(p, selector);
  const rpl = selector & RPL;
  if (!code.isCode || (code.isConforming ? code.dpl > rpl : code.dpl !== rpl)) {
    throw invalidTss(selectorError(selector));
  }
  if (!code.isPresent) {
    throw notPresent(selectorError(selector));
  }
  load(p, Segment.cs, code);
}

function loadStack(p: Processor, selector: number): void {
  const cpl = p.state.get32("cpl");
  const stack = readTaskDescriptor(p, selector);
  if (!stack.isWritableData || stack.dpl !== cpl || (selector & RPL) !== cpl) {
    throw invalidTss(selectorError(selector));
  }
  if (!stack.isPresent) {
    throw stackFault(selectorError(selector));
  }
  load(p, Segment.ss, stack);
}

function loadData(p: Processor, segment: number, selector: number): void {
  if (isNull(selector)) {
    setNullSegment(p.state, segment, selector);
    return;
  }
  const data = readTaskDescriptor(p, selector);
  const privilege = Math.max(p.state.get32("cpl"), selector & RPL);
  if (!data.isReadable || (!data.isConforming && data.dpl < privilege)) {
    throw invalidTss(selectorError(selector));
  }
  if (!data.isPresent) {
    throw notPresent(selectorError(selector));
  }
  load(p, segment, data);
}

function readTaskDescriptor(p: Processor, selector: number): Descriptor {
  if (isNull(selector)) {
    throw invalidTss(selectorError(selector));
  }
  return readDescriptor(p, selector, invalidTss);
}

function load(p: Processor, segment: number, descriptor: Descriptor): void {
  setAccessed(p, descriptor);
  setSegmentFrom(p.state, segment, descriptor.selector, descriptor);
}
