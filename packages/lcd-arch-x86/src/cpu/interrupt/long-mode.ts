import { isCanonicalHigh } from "../../mmu/index";
import { generalProtection } from "../exception";
import type { Processor } from "../processor";
import { readGateCode } from "../segmentation/gate-code";
import { atPrivilege } from "../segmentation/privilege";
import { setCodeSegment, setNullSegment } from "../segmentation/registers";
import { Stack } from "../segmentation/stack";
import { setAccessed } from "../segmentation/table";
import { interruptStack, stackPointerFor } from "../segmentation/tss";
import { Gpr, Segment } from "../state";
import type { InterruptEvent } from "./event";
import { isTrapGate, readGate } from "./idt";
import { savedFlags, setHandlerFlags } from "./saved-state";

/** Bits 34:32 of a 64-bit gate: an entry of the interrupt stack table, or 0. */
const IST = 7;

const STACK_ALIGNMENT = 16;

/**
 * Enters a handler in IA-32e mode, which runs in 64-bit mode (SDM 3A, "Exception and Interrupt Handling in 64-bit
 * Mode"; SDM 2A, "INT n/INTO/INT3/INT1", IA-32e mode).
 *
 * @throws GuestException, LinearAccessError; then only memory under the handler's stack pointer has changed
 */
export function enterLongModeHandler(p: Processor, event: InterruptEvent): void {
  const { state } = p;
  const gate = readGate(p, event, true);
  const code = readGateCode(p, gate.target);
  if (!isCanonicalHigh(gate.upper, state.low("cr4"))) {
    throw generalProtection();
  }
  const cpl = state.get32("cpl");
  const handlerCpl = code.isConforming ? cpl : code.dpl;
  const stack = handlerStack(p, gate.high & IST, handlerCpl);
  setAccessed(p, code);
  if (handlerCpl === cpl) {
    pushFrame(stack, event);
  } else {
    atPrivilege(p, handlerCpl, pushFrame, stack, event);
    setNullSegment(state, Segment.ss, handlerCpl, handlerCpl);
  }
  stack.commit();
  state.setHalves("rip", gate.offset, gate.upper);
  setCodeSegment(state, gate.target, handlerCpl, code);
  setHandlerFlags(p, !isTrapGate(gate));
  p.addressSpaceChanged();
}

/** The stack of the gate's IST entry if it has one, of the handler's privilege level, or the current one; aligned. */
function handlerStack(p: Processor, entry: number, cpl: number): Stack {
  const { state } = p;
  if (entry !== 0 || cpl !== state.get32("cpl")) {
    const pointer = entry !== 0 ? interruptStack(p, entry) : stackPointerFor(p, cpl);
    return Stack.flat(p, pointer[0] & -STACK_ALIGNMENT, pointer[1]);
  }
  return Stack.flat(p, state.low("gpr", Gpr.rsp) & -STACK_ALIGNMENT, state.high("gpr", Gpr.rsp));
}

/** SS, RSP, RFLAGS, CS and RIP, and the error code; always quadwords, whatever mode is interrupted. */
function pushFrame(stack: Stack, event: InterruptEvent): void {
  const { p } = stack;
  const { state } = p;
  const rip = state.low("rip") + event.length;
  stack.push(QUAD, state.get32("segmentSelector", Segment.ss));
  stack.push(QUAD, state.low("gpr", Gpr.rsp), state.high("gpr", Gpr.rsp));
  stack.push(QUAD, savedFlags(p, event));
  stack.push(QUAD, state.get32("segmentSelector", Segment.cs));
  stack.push(QUAD, rip, rip > 0xffffffff ? state.high("rip") + 1 : state.high("rip"));
  if (event.errorCode !== null) {
    stack.push(QUAD, event.errorCode);
  }
}

const QUAD = 8;
