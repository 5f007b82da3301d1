import { generalProtection } from "../exception";
import type { LinearMemory } from "../linear-memory";
import type { Processor } from "../processor";
import { loadRealSegment } from "../segmentation/load";
import { Stack } from "../segmentation/stack";
import { Rflags, Segment } from "../state";
import type { InterruptEvent } from "./event";
import { gateError } from "./idt";

const ENTRY_SIZE = 4;
const WORD = 2;

/**
 * Enters a handler in real-address mode (SDM 2A, "INT n/INTO/INT3/INT1", REAL-ADDRESS-MODE). No error code is pushed.
 *
 * @throws GuestException, LinearAccessError; then only memory under the stack pointer has changed
 */
export function enterRealModeHandler(p: Processor, event: InterruptEvent): void {
  const { state } = p;
  const entry = event.vector * ENTRY_SIZE;
  if (entry + ENTRY_SIZE - 1 > state.get32("idtrLimit")) {
    throw generalProtection(gateError(event.vector));
  }
  enterByVector(p, p.supervisor, state.low("idtrBase") + entry, event, p.eflags);
  state.set32("systemFlags", state.get32("systemFlags") & ~(Rflags.IF | Rflags.TF | Rflags.AC | Rflags.RF));
  p.addressSpaceChanged();
}

/**
 * Goes through an entry of an interrupt vector table, with a frame of words.
 *
 * @param address linear address of the entry
 * @param flags as they are pushed
 */
export function enterByVector(
  p: Processor,
  memory: LinearMemory,
  address: number,
  event: InterruptEvent,
  flags: number,
): void {
  const { state } = p;
  const target = memory.read32(address >>> 0);
  const stack = Stack.current(p);
  stack.checkRoom(3, WORD);
  stack.push(WORD, flags);
  stack.push(WORD, state.get32("segmentSelector", Segment.cs));
  stack.push(WORD, state.low("rip") + event.length);
  stack.commit();
  loadRealSegment(p, Segment.cs, target >>> 16);
  state.setHalves("rip", target & 0xffff, 0);
}
