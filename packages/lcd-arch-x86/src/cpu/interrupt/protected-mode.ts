import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { type Descriptor, SystemType, selectorError } from "../segmentation/descriptor";
import { readGateCode } from "../segmentation/gate-code";
import { newStack } from "../segmentation/new-stack";
import { atPrivilege } from "../segmentation/privilege";
import { setNullSegment, setSegmentFrom } from "../segmentation/registers";
import { Stack } from "../segmentation/stack";
import { setAccessed } from "../segmentation/table";
import { checkTarget, goTo } from "../segmentation/target";
import { readTask } from "../segmentation/task-descriptor";
import { switchTask, TaskSwitchSource } from "../segmentation/task-switch";
import { Gpr, Segment } from "../state";
import { StateWord } from "../state-word";
import { inVirtual8086 } from "../system/mode";
import { flagsSavedBy, type InterruptEvent } from "./event";
import { isTrapGate, readGate } from "./idt";
import { setHandlerFlags } from "./saved-state";

/**
 * Enters a handler in protected mode, from virtual-8086 mode, too (SDM 2A, "INT n/INTO/INT3/INT1": PROTECTED-MODE,
 * INTER-PRIVILEGE-LEVEL-INTERRUPT, INTERRUPT-FROM-VIRTUAL-8086-MODE, INTRA-PRIVILEGE-LEVEL-INTERRUPT, TASK-GATE).
 *
 * @returns false when it was a guest, whose task switches exit
 * @throws GuestException, LinearAccessError; then only memory under the handler's stack pointer has changed, or the
 *   processor is in a new task
 */
export function enterProtectedModeHandler(p: Processor, event: InterruptEvent): boolean {
  const cpl = p.state.u32[StateWord.cpl];
  const gate = readGate(p, event, false, cpl);
  if (gate.type === SystemType.taskGate) {
    return enterTask(p, event, gate);
  }
  if (cpl === USER) {
    // Handlers are more privileged, but for curious systems, and so are the tables that lead there.
    atPrivilege(p, 0, enterFromUser, event, gate);
  } else {
    enter(p, event, gate, cpl);
  }
  return true;
}

const USER = 3;

const enterFromUser = (p: Processor, event: InterruptEvent, gate: Descriptor): void => enter(p, event, gate, USER);

/** @param cpl of what is interrupted; the processor may have more privilege by now */
function enter(p: Processor, event: InterruptEvent, gate: Descriptor, cpl: number): void {
  const code = readGateCode(p, gate.target, cpl);
  const handlerCpl = code.isConforming ? cpl : code.dpl;
  if (inVirtual8086(p) && handlerCpl !== 0) {
    throw generalProtection(selectorError(gate.target));
  }
  const size = gate.isWide ? 4 : 2;
  if (handlerCpl === cpl) {
    const stack = Stack.current(p);
    stack.checkRoom(elements(event, 3), size);
    checkTarget(p, code, gate.offset, 0);
    setAccessed(p, code);
    atPrivilege(p, cpl, size === 4 ? pushWideReturn : pushNarrowReturn, stack, event);
    stack.commit();
  } else {
    enterInnerStack(p, event, code, gate.offset, size);
  }
  goTo(p, gate.target, handlerCpl, code, gate.offset, 0);
  setHandlerFlags(p, !isTrapGate(gate));
  p.addressSpaceChanged();
}

/** Elements of a frame with the error code, if there is one. */
const elements = ({ errorCode }: InterruptEvent, others: number): number => (errorCode === null ? others : others + 1);

/** Pushes the frame on the stack of the handler's privilege level, and loads SS and ESP. */
function enterInnerStack(p: Processor, event: InterruptEvent, code: Descriptor, target: number, size: number): void {
  const { state } = p;
  const virtual8086 = inVirtual8086(p);
  const { stack, segment } = newStack(p, code.dpl);
  stack.checkRoom(elements(event, virtual8086 ? 9 : 5), size);
  checkTarget(p, code, target, 0);
  setAccessed(p, code);
  setAccessed(p, segment);
  atPrivilege(p, code.dpl, size === 4 ? pushWideFrame : pushNarrowFrame, stack, event);
  setSegmentFrom(state, Segment.ss, segment.selector, segment);
  stack.commit();
  if (virtual8086) {
    for (const data of v86Segments) {
      setNullSegment(state, data, 0);
    }
  }
}

/** Segments that a frame from virtual-8086 mode holds besides CS and SS, in the order of pushing. */
const v86Segments = [Segment.gs, Segment.fs, Segment.ds, Segment.es] as const;

const pushWideFrame = (_: Processor, stack: Stack, event: InterruptEvent): void => pushFrame(stack, event, 4);
const pushNarrowFrame = (_: Processor, stack: Stack, event: InterruptEvent): void => pushFrame(stack, event, 2);
const pushWideReturn = (_: Processor, stack: Stack, event: InterruptEvent): void => pushReturn(stack, event, 4);
const pushNarrowReturn = (_: Processor, stack: Stack, event: InterruptEvent): void => pushReturn(stack, event, 2);

function pushFrame(stack: Stack, event: InterruptEvent, size: number): void {
  const { state } = stack.p;
  if (inVirtual8086(stack.p)) {
    for (const segment of v86Segments) {
      stack.push(size, state.u32[StateWord.segmentSelector + segment]);
    }
  }
  stack.push(size, state.u32[StateWord.segmentSelector + Segment.ss]);
  stack.push(size, state.u32[StateWord.gpr + 2 * Gpr.rsp]);
  pushReturn(stack, event, size);
}

/** EFLAGS, CS, EIP and the error code. */
function pushReturn(stack: Stack, event: InterruptEvent, size: number): void {
  const { p } = stack;
  stack.push(size, flagsSavedBy(event, p.eflags));
  stack.push(size, p.state.u32[StateWord.segmentSelector + Segment.cs]);
  stack.push(size, p.state.u32[StateWord.rip] + event.length);
  if (event.errorCode !== null) {
    stack.push(size, event.errorCode);
  }
}

/** A task gate: the handler is a task of its own, which finds the error code on its stack. */
function enterTask(p: Processor, event: InterruptEvent, gate: Descriptor): boolean {
  const task = readTask(p, gate.target);
  if (!switchTask(p, task, TaskSwitchSource.gate, event.length, flagsSavedBy(event, p.eflags))) {
    return false;
  }
  if (event.errorCode !== null) {
    const stack = Stack.current(p);
    stack.push(task.isWide ? 4 : 2, event.errorCode);
    stack.commit();
  }
  return true;
}
