import { type GuestException, generalProtection, notPresent } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { inLongMode, inProtectedMode } from "../system/mode";
import type { Execute, Operations, SystemOutcome } from "../system/operation";
import { callThroughGate, jumpThroughGate } from "./call-gate";
import { type Descriptor, isNull, RPL, SystemType, selectorError } from "./descriptor";
import { returnTo } from "./far-return";
import { loadRealSegment } from "./load";
import { pushReturn, Stack } from "./stack";
import { readDescriptor, setAccessed } from "./table";
import { checkRealTarget, goTo, isRealTarget, isTarget } from "./target";
import { readTask } from "./task-descriptor";
import { switchTask, TaskSwitchSource } from "./task-switch";

/** The far pointer that the lift has left, and how the instruction uses it. */
interface FarPointer {
  readonly selector: number;
  readonly low: number;
  readonly high: number;
  /** Operand size in bytes. */
  readonly size: number;
  /** CALL: where it returns to, by its distance from RIP. */
  readonly length: number;
  readonly isCall: boolean;
}

const farPointer = ({ state }: Processor, size: number, length: number, isCall: boolean): FarPointer => ({
  selector: state.low("slowValue", 1) & 0xffff,
  low: state.low("slowValue"),
  high: size === 8 ? state.high("slowValue") : 0,
  size,
  length,
  isCall,
});

const transfer =
  (isCall: boolean): Execute =>
  (p, [size], length) => {
    const pointer = farPointer(p, size, length, isCall);
    const outcome = inProtectedMode(p) ? transferProtected(p, pointer) : transferReal(p, pointer);
    if (outcome !== "vm-exit") {
      p.addressSpaceChanged();
    }
    return outcome;
  };

/** Real-address and virtual-8086 mode (SDM 2A, "CALL", "JMP"). */
function transferReal(p: Processor, pointer: FarPointer): SystemOutcome {
  const { selector, low } = pointer;
  const stack = Stack.current(p);
  if (!isRealTarget(p, low)) {
    throw badTarget(pointer, stack);
  }
  if (pointer.isCall) {
    pushReturn(stack, pointer);
    stack.commit();
  }
  loadRealSegment(p, Segment.cs, selector);
  p.state.setHalves("rip", low, 0);
  return "elsewhere";
}

/** A CALL asks whether there is room on the stack first (SDM 2A, "CALL"). @throws GuestException #SS(0) */
function badTarget({ isCall, size }: FarPointer, stack: Stack): GuestException {
  if (isCall) {
    stack.checkRoom(2, size);
  }
  return generalProtection();
}

function transferProtected(p: Processor, pointer: FarPointer): SystemOutcome {
  const { selector } = pointer;
  if (isNull(selector)) {
    throw generalProtection();
  }
  const descriptor = readDescriptor(p, selector);
  if (descriptor.isCode) {
    transferToCode(p, pointer, descriptor);
    return "elsewhere";
  }
  const through = descriptor.isSystem ? systemTransfers.get(descriptor.type) : undefined;
  if (through === undefined || (inLongMode(p) && descriptor.type !== SystemType.callGate)) {
    throw generalProtection(selectorError(selector));
  }
  if (descriptor.dpl < Math.max(p.state.get32("cpl"), selector & RPL)) {
    throw generalProtection(selectorError(selector));
  }
  return through(p, pointer, descriptor);
}

/** To a code segment of the same privilege level, or a conforming one (SDM 2A, CONFORMING-CODE-SEGMENT ...). */
function transferToCode(p: Processor, pointer: FarPointer, code: Descriptor): void {
  const { selector, low, high } = pointer;
  const cpl = p.state.get32("cpl");
  const allowed = code.isConforming ? code.dpl <= cpl : code.dpl === cpl && (selector & RPL) <= cpl;
  if (!allowed || (inLongMode(p) && code.isLong && code.isBig)) {
    throw generalProtection(selectorError(selector));
  }
  if (!code.isPresent) {
    throw notPresent(selectorError(selector));
  }
  const stack = Stack.current(p);
  if (!isTarget(p, code, low, high)) {
    throw badTarget(pointer, stack);
  }
  if (pointer.isCall) {
    pushReturn(stack, pointer);
  }
  setAccessed(p, code);
  stack.commit();
  goTo(p, selector, cpl, code, low, high);
}

type SystemTransfer = (p: Processor, pointer: FarPointer, descriptor: Descriptor) => SystemOutcome;

const throughCallGate: SystemTransfer = (p, { length, isCall }, gate) => {
  requirePresent(gate);
  if (isCall) {
    callThroughGate(p, gate, length);
  } else {
    jumpThroughGate(p, gate);
  }
  return "elsewhere";
};

const throughTaskGate: SystemTransfer = (p, pointer, gate) => {
  requirePresent(gate);
  return toTask(p, pointer, gate.target);
};

function toTask(p: Processor, { length, isCall }: FarPointer, selector: number): SystemOutcome {
  const source = isCall ? TaskSwitchSource.call : TaskSwitchSource.jump;
  return switchTask(p, readTask(p, selector), source, length, p.eflags) ? "elsewhere" : "vm-exit";
}

const directlyToTask: SystemTransfer = (p, pointer) => toTask(p, pointer, pointer.selector);

const systemTransfers: ReadonlyMap<number, SystemTransfer> = new Map([
  [SystemType.callGate16, throughCallGate],
  [SystemType.callGate, throughCallGate],
  [SystemType.taskGate, throughTaskGate],
  [SystemType.tss16, directlyToTask],
  [SystemType.tss, directlyToTask],
]);

function requirePresent(gate: Descriptor): void {
  if (!gate.isPresent) {
    throw notPresent(selectorError(gate.selector));
  }
}

/** RET far: operand size, and bytes of parameters to release. */
const farReturn: Execute = (p, [size, release]) => {
  const { state } = p;
  const stack = Stack.current(p);
  // The selector is read first: a fault on a page of which both are is for its address, as on the processor.
  const selector = stack.peek(size, size) & 0xffff;
  const low = stack.pop(size);
  const high = stack.poppedHigh;
  stack.move(size);
  if (inProtectedMode(p)) {
    returnTo(p, stack, size, selector, low, high, { release, alwaysStack: false });
  } else {
    checkRealTarget(p, low);
    stack.move(release);
    stack.commit();
    loadRealSegment(p, Segment.cs, selector);
    state.setHalves("rip", low, 0);
  }
  p.addressSpaceChanged();
  return "elsewhere";
};

/** Far JMP, CALL and RET (SDM 2A, 2B). */
export const farTransfers: Operations = {
  farJump: { execute: transfer(false), unprivileged: true },
  farCall: { execute: transfer(true), unprivileged: true },
  farReturn: { execute: farReturn, unprivileged: true },
};
