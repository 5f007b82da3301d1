import { Blocking } from "../interrupt/shadow";
import type { Processor } from "../processor";
import { Rflags, Segment } from "../state";
import { StateWord } from "../state-word";
import { next, type Operations } from "../system/operation";
import { setRegister } from "../system/registers";
import { loadSegment } from "./load";
import { Stack } from "./stack";

const selectorIn = (p: Processor, index = 0): number => p.state.low("slowValue", index) & 0xffff;

function load(p: Processor, segment: number, selector: number): void {
  loadSegment(p, segment, selector);
  p.addressSpaceChanged();
}

/** MOV and POP to SS keep interrupts away for one instruction, which loads RSP. */
function blockInterrupts(p: Processor, segment: number): void {
  if (segment === Segment.ss) {
    // RF is over with this instruction, and would last as long as what begins now.
    p.state.u32[StateWord.systemFlags] &= ~Rflags.RF;
    p.interruptibility |= Blocking.byMovSs;
  }
}

/** MOV to a segment register: the segment is an operand, the selector in `slowValue`. */
const moveToSegment = next((p, [segment]) => {
  load(p, segment, selectorIn(p));
  blockInterrupts(p, segment);
});

/** POP to a segment register: also the bytes that it pops. */
const popSegment = next((p, [segment, size]) => {
  const stack = Stack.current(p);
  load(p, segment, selectorIn(p));
  stack.move(size);
  stack.commit();
  blockInterrupts(p, segment);
});

/** LDS, LES, LFS, LGS and LSS: the register and its size are operands, too, and the selector is behind the offset. */
const loadFarPointer = next((p, [segment, register, size]) => {
  const offset = p.state.get64("slowValue");
  load(p, segment, selectorIn(p, 1));
  setRegister(p, register, size, offset);
});

/** MOV, POP and LDS to LSS with a segment register (SDM 2A, 2B). */
export const segmentOperations: Operations = {
  loadSegment: { execute: moveToSegment, unprivileged: true },
  popSegment: { execute: popSegment, unprivileged: true },
  loadFarPointer: { execute: loadFarPointer, unprivileged: true },
};
