import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { Gpr, Segment } from "../state";
import { inLongMode } from "../system/mode";
import { type Descriptor, selectorError } from "./descriptor";
import { readGateCode } from "./gate-code";
import { newStack } from "./new-stack";
import { atPrivilege } from "./privilege";
import { setNullSegment, setSegmentFrom } from "./registers";
import { pushReturn, Stack } from "./stack";
import { setAccessed } from "./table";
import { checkTarget, goTo } from "./target";
import { stackPointerFor } from "./tss";

/** Bits 4:0 of a gate's second word: how many parameters are copied to the inner stack. */
const PARAMETERS = 0x1f;

/** Bits 63:32 of the offset, which 64-bit gates have. */
const offsetHigh = (p: Processor, gate: Descriptor): number => (inLongMode(p) ? gate.upper >>> 0 : 0);

/** Bytes that a CALL through the gate pushes at a time. */
const elementSize = (p: Processor, gate: Descriptor): number => (inLongMode(p) ? 8 : gate.isWide ? 4 : 2);

/** JMP through a call gate: the privilege level stays (SDM 2A, "JMP", CALL-GATE). @throws GuestException, LinearAccessError */
export function jumpThroughGate(p: Processor, gate: Descriptor): void {
  const cpl = p.state.get32("cpl");
  const code = readGateCode(p, gate.target, cpl);
  if (!code.isConforming && code.dpl !== cpl) {
    throw generalProtection(selectorError(gate.target));
  }
  checkTarget(p, code, gate.offset, offsetHigh(p, gate));
  setAccessed(p, code);
  goTo(p, gate.target, cpl, code, gate.offset, offsetHigh(p, gate));
}

/**
 * CALL through a call gate, to more privileged code on a stack of its own (SDM 2A, "CALL", CALL-GATE).
 *
 * @param length bytes of the instruction
 * @throws GuestException, LinearAccessError
 */
export function callThroughGate(p: Processor, gate: Descriptor, length: number): void {
  const cpl = p.state.get32("cpl");
  const code = readGateCode(p, gate.target, cpl);
  const [low, high] = [gate.offset, offsetHigh(p, gate)];
  const size = elementSize(p, gate);
  if (code.isConforming || code.dpl === cpl) {
    const stack = callerStack(p);
    stack.checkRoom(2, size);
    checkTarget(p, code, low, high);
    pushReturn(stack, { size, length });
    setAccessed(p, code);
    stack.commit();
    goTo(p, gate.target, cpl, code, low, high);
  } else {
    (inLongMode(p) ? enterLong : enterInner)(p, gate, code, { size, length });
    goTo(p, gate.target, code.dpl, code, low, high);
  }
}

/** The current stack as 64-bit code uses it, to which gates of IA-32e mode lead; elsewhere as the caller does. */
function callerStack(p: Processor): Stack {
  const { state } = p;
  return inLongMode(p) ? Stack.flat(p, state.low("gpr", Gpr.rsp), state.high("gpr", Gpr.rsp)) : Stack.current(p);
}

/** How the return address is pushed. */
interface Call {
  readonly size: number;
  readonly length: number;
}

/** To an inner stack of IA-32e mode: SS is null, and nothing is copied. */
function enterLong(p: Processor, gate: Descriptor, code: Descriptor, call: Call): void {
  const pointer = stackPointerFor(p, code.dpl);
  const stack = Stack.flat(p, pointer[0], pointer[1]);
  checkTarget(p, code, gate.offset, offsetHigh(p, gate));
  setAccessed(p, code);
  atPrivilege(p, code.dpl, pushLongFrame, stack, call);
  setNullSegment(p.state, Segment.ss, code.dpl, code.dpl);
  stack.commit();
}

function pushLongFrame({ state }: Processor, stack: Stack, call: Call): void {
  stack.push(call.size, state.get32("segmentSelector", Segment.ss));
  stack.push(call.size, state.low("gpr", Gpr.rsp), state.high("gpr", Gpr.rsp));
  pushReturn(stack, call);
}

/** To an inner stack of protected mode, with the parameters that the gate asks for. */
function enterInner(p: Processor, gate: Descriptor, code: Descriptor, call: Call): void {
  const { state } = p;
  const { size } = call;
  const count = gate.high & PARAMETERS;
  const { stack, segment } = newStack(p, code.dpl);
  stack.checkRoom(4 + count, size);
  checkTarget(p, code, gate.offset, 0);
  const parameters = readParameters(p, count, size);
  setAccessed(p, code);
  setAccessed(p, segment);
  atPrivilege(p, code.dpl, pushInnerFrame, stack, { ...call, parameters });
  setSegmentFrom(state, Segment.ss, segment.selector, segment);
  stack.commit();
}

/** The parameters on the caller's stack, the last one pushed first. */
function readParameters(p: Processor, count: number, size: number): readonly number[] {
  const stack = Stack.current(p);
  return Array.from({ length: count }, (_, index) => stack.peek(index * size, size));
}

function pushInnerFrame(
  { state }: Processor,
  stack: Stack,
  call: Call & { readonly parameters: readonly number[] },
): void {
  const { size, parameters } = call;
  stack.push(size, state.get32("segmentSelector", Segment.ss));
  stack.push(size, state.low("gpr", Gpr.rsp));
  for (let index = parameters.length - 1; index >= 0; index--) {
    stack.push(size, parameters[index]);
  }
  pushReturn(stack, call);
}
