import { Rights } from "../../vmx/segments";
import { invalidTss } from "../exception";
import type { Processor } from "../processor";
import { Segment } from "../state";
import { StateWord } from "../state-word";
import { selectorError } from "./descriptor";

/** Offsets in a 64-bit TSS (SDM 3A, figure "64-Bit TSS Format"). */
const Tss64 = { rsp0: 4, ist1: 36 } as const;

/** Offsets of the stacks for CPL 0 in a 32-bit and in a 16-bit TSS (SDM 3A, "Task-State Segment", "16-Bit TSS"). */
const Tss32 = { esp0: 4, ss: 4, size: 8, used: 6 } as const;
const Tss16 = { sp0: 2, size: 4 } as const;

/** Type bit 3 of TR's rights: the TSS is a 32-bit or 64-bit one. */
const WIDE = 8;

/** Is the current TSS a 32-bit (in IA-32e mode a 64-bit) one? */
export const isWideTss = (p: Processor): boolean => (p.state.u32[StateWord.segmentRights + Segment.tr] & WIDE) !== 0;

/** Reads words of the current TSS. @throws GuestException #TS(TR) when its limit is too small; LinearAccessError */
function readTss(p: Processor, words: number, offset: number): Int32Array {
  const { state, supervisor } = p;
  requireTss(p, offset + words * 4);
  return supervisor.readWords(
    words,
    state.u32[StateWord.segmentBase + 2 * Segment.tr],
    state.u32[StateWord.segmentBase + 2 * Segment.tr + 1],
    offset,
  );
}

/** @throws GuestException #TS(TR) when the current TSS has less than `size` bytes */
function requireTss(p: Processor, size: number): void {
  const { state } = p;
  const unusable = (state.u32[StateWord.segmentRights + Segment.tr] & Rights.unusable) !== 0;
  if (unusable || size - 1 > state.u32[StateWord.segmentLimit + Segment.tr]) {
    throw invalidTss(selectorError(state.u32[StateWord.segmentSelector + Segment.tr]));
  }
}

/** The stack pointer for a privilege level, as two words. @throws as `readTss` */
export const stackPointerFor = (p: Processor, cpl: number): Int32Array => readTss(p, 2, Tss64.rsp0 + cpl * 8);

/** Entry 1 to 7 of the interrupt stack table, as two words. @throws as `readTss` */
export const interruptStack = (p: Processor, entry: number): Int32Array => readTss(p, 2, Tss64.ist1 + (entry - 1) * 8);

/** Where the 16- or 32-bit TSS says that a privilege level's stack is. */
export interface StackLocation {
  readonly selector: number;
  readonly pointer: number;
}

/** The stack for privilege level 0, 1 or 2. @throws as `readTss` */
export function stackFor(p: Processor, cpl: number): StackLocation {
  if (isWideTss(p)) {
    const at = Tss32.esp0 + cpl * Tss32.size;
    requireTss(p, at + Tss32.used);
    const base = p.state.u32[StateWord.segmentBase + 2 * Segment.tr];
    return { pointer: p.supervisor.read32(base, 0, at), selector: p.supervisor.read16(base, 0, at + Tss32.ss) };
  }
  const [word] = readTss(p, 1, Tss16.sp0 + cpl * Tss16.size);
  return { pointer: word & 0xffff, selector: word >>> 16 };
}
