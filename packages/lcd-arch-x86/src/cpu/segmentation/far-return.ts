import { Rights } from "../../vmx/segments";
import { generalProtection, notPresent, stackFault } from "../exception";
import type { Processor } from "../processor";
import { Gpr, Segment } from "../state";
import { StateWord } from "../state-word";
import { in64BitMode, inLongMode } from "../system/mode";
import { type Descriptor, isNull, RPL, selectorError } from "./descriptor";
import { setNullSegment, setSegmentFrom } from "./registers";
import type { Stack } from "./stack";
import { readDescriptor, setAccessed } from "./table";
import { checkTarget, goTo } from "./target";

/** What a far return does besides going back. */
export interface ReturnKind {
  /** Bytes of parameters to release on both stacks. */
  readonly release: number;
  /** Stack pointer and SS follow even without a change of privilege: IRET in 64-bit mode. */
  readonly alwaysStack: boolean;
}

/**
 * The end of RET far and IRET in protected and IA-32e mode (SDM 2B, "RET", RETURN-TO-OUTER-PRIVILEGE-LEVEL ...): goes
 * to the code whose pointer has been popped, and to its stack, which is popped here. The caller calls
 * `addressSpaceChanged`.
 *
 * @param size operand size in bytes
 * @throws GuestException, LinearAccessError; then nothing has changed
 */
export function returnTo(
  p: Processor,
  stack: Stack,
  size: number,
  selector: number,
  ripLow: number,
  ripHigh: number,
  kind: ReturnKind,
): void {
  const { state } = p;
  const cpl = state.u32[StateWord.cpl];
  const newCpl = selector & RPL;
  const code = readReturnCode(p, selector, cpl);
  stack.move(kind.release);
  const isOuter = newCpl > cpl;
  if (!isOuter) {
    // RETURN-TO-SAME-PRIVILEGE-LEVEL begins with this; to outer code, it comes behind the checks of the stack.
    checkTarget(p, code, ripLow, ripHigh);
  }
  if (!isOuter && !kind.alwaysStack) {
    setAccessed(p, code);
    stack.commit();
    goTo(p, selector, newCpl, code, ripLow, ripHigh);
    return;
  }
  const pointerLow = stack.pop(size);
  const pointerHigh = stack.poppedHigh;
  const stackSelector = stack.pop(size) & 0xffff;
  const toLong = inLongMode(p) && code.isLong;
  const segment = readReturnStack(p, stackSelector, newCpl, toLong);
  if (isOuter) {
    checkTarget(p, code, ripLow, ripHigh);
  }
  setAccessed(p, code);
  if (segment === null) {
    setNullSegment(state, Segment.ss, stackSelector, newCpl);
  } else {
    setAccessed(p, segment);
    setSegmentFrom(state, Segment.ss, stackSelector, segment);
  }
  goTo(p, selector, newCpl, code, ripLow, ripHigh);
  setPointer(p, toLong || segment === null || segment.isBig, pointerLow, pointerHigh, kind.release);
  if (isOuter) {
    closeSegments(p, newCpl);
  }
}

/** RSP, or only SP when the stack is a 16-bit one. */
function setPointer(p: Processor, wide: boolean, low: number, high: number, release: number): void {
  const { state } = p;
  const sum = low + release;
  if (!wide) {
    state.setHalves("gpr", (state.u32[StateWord.gpr + 2 * Gpr.rsp] & ~0xffff) | (sum & 0xffff), 0, Gpr.rsp);
  } else {
    state.setHalves("gpr", sum, in64BitMode(p) && sum > 0xffffffff ? high + 1 : high, Gpr.rsp);
  }
}

function readReturnCode(p: Processor, selector: number, cpl: number): Descriptor {
  if (isNull(selector)) {
    throw generalProtection();
  }
  const code = readDescriptor(p, selector);
  const rpl = selector & RPL;
  const allowed = code.isConforming ? code.dpl <= rpl : code.dpl === rpl;
  if (!code.isCode || rpl < cpl || !allowed || (inLongMode(p) && code.isLong && code.isBig)) {
    throw generalProtection(selectorError(selector));
  }
  if (!code.isPresent) {
    throw notPresent(selectorError(selector));
  }
  return code;
}

/** The stack segment for code of a privilege level; null for the null selector, which 64-bit code may have at CPL 0 to 2. */
function readReturnStack(p: Processor, selector: number, cpl: number, toLong: boolean): Descriptor | null {
  if (isNull(selector)) {
    if (!toLong || cpl === 3 || (selector & RPL) !== cpl) {
      throw generalProtection();
    }
    return null;
  }
  const segment = readDescriptor(p, selector);
  if ((selector & RPL) !== cpl || !segment.isWritableData || segment.dpl !== cpl) {
    throw generalProtection(selectorError(selector));
  }
  if (!segment.isPresent) {
    throw stackFault(selectorError(selector));
  }
  return segment;
}

const CODE = 8;
const CONFORMING = 4;
const dataSegments = [Segment.es, Segment.ds, Segment.fs, Segment.gs] as const;

/**
 * Makes the selectors of data segments 0 that outer code must not use, of more privilege than it has; and those that are
 * null with another RPL (SDM 2B, "RET", RETURN-TO-OUTER-PRIVILEGE-LEVEL). Only the selector changes, and the segment is
 * unusable: the base stays, which 64-bit code uses through FS and GS all the same.
 */
export function closeSegments({ state }: Processor, cpl: number): void {
  for (const segment of dataSegments) {
    const rights = state.u32[StateWord.segmentRights + segment];
    const conforming = (rights & (CODE | CONFORMING)) === (CODE | CONFORMING);
    const isNullNow = (rights & Rights.unusable) !== 0;
    if (isNullNow || (!conforming && ((rights >> Rights.dplShift) & 3) < cpl)) {
      state.u32[StateWord.segmentSelector + segment] = 0;
      state.u32[StateWord.segmentRights + segment] = Rights.unusable;
    }
  }
}
