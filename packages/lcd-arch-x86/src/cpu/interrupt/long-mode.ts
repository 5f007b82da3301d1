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
import { StateWord } from "../state-word";
import { flagsSavedBy, type InterruptEvent } from "./event";
import { isTrapGate, readGate } from "./idt";
import { setHandlerFlags } from "./saved-state";

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
  const cpl = p.state.u32[StateWord.cpl];
  if (cpl === USER) {
    // Handlers are at CPL 0, but for curious systems, and so are the tables that lead there.
    atPrivilege(p, 0, enter, event, cpl);
  } else {
    enter(p, event, cpl);
  }
}

const USER = 3;

/** @param cpl of what is interrupted; the processor may have more privilege by now */
function enter(p: Processor, event: InterruptEvent, cpl: number): void {
  const { state } = p;
  const gate = readGate(p, event, true, cpl);
  const code = readGateCode(p, gate.target, cpl);
  const handlerCpl = code.isConforming ? cpl : code.dpl;
  const stack = handlerStack(p, gate.high & IST, cpl, handlerCpl);
  if (!isCanonicalHigh(gate.upper, state.u32[StateWord.cr4])) {
    throw generalProtection();
  }
  setAccessed(p, code);
  if (handlerCpl === state.u32[StateWord.cpl]) {
    pushFrame(p, stack, event);
  } else {
    atPrivilege(p, handlerCpl, pushFrame, stack, event);
  }
  if (handlerCpl !== cpl) {
    setNullSegment(state, Segment.ss, handlerCpl, handlerCpl);
  }
  stack.commit();
  state.setHalves("rip", gate.offset, gate.upper);
  setCodeSegment(state, gate.target, handlerCpl, code);
  setHandlerFlags(p, !isTrapGate(gate));
  p.addressSpaceChanged();
}

/** The stack of the gate's IST entry if it has one, of the handler's privilege level, or the current one; aligned. */
function handlerStack(p: Processor, entry: number, cpl: number, handlerCpl: number): Stack {
  if (entry !== 0 || handlerCpl !== cpl) {
    const pointer = entry !== 0 ? interruptStack(p, entry) : stackPointerFor(p, handlerCpl);
    return Stack.flat(p, pointer[0] & -STACK_ALIGNMENT, pointer[1]);
  }
  const { u32 } = p.state;
  return Stack.flat(p, u32[RSP] & -STACK_ALIGNMENT, u32[RSP + 1]);
}

const RSP = StateWord.gpr + 2 * Gpr.rsp;

/** SS, RSP, RFLAGS, CS and RIP, and the error code; always quadwords, whatever mode is interrupted. */
function pushFrame(p: Processor, stack: Stack, event: InterruptEvent): void {
  const { u32 } = p.state;
  const rip = u32[StateWord.rip] + event.length;
  stack.push(QUAD, u32[StateWord.segmentSelector + Segment.ss]);
  stack.push(QUAD, u32[RSP], u32[RSP + 1]);
  stack.push(QUAD, flagsSavedBy(event, p.eflags));
  stack.push(QUAD, u32[StateWord.segmentSelector + Segment.cs]);
  stack.push(QUAD, rip, rip > 0xffffffff ? u32[StateWord.rip + 1] + 1 : u32[StateWord.rip + 1]);
  if (event.errorCode !== null) {
    stack.push(QUAD, event.errorCode);
  }
}

const QUAD = 8;
