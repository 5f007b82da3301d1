import { isCanonicalHigh } from "../../mmu/index";
import { Rights, SegmentType } from "../../vmx/segments";
import { CodeMode } from "../code-mode";
import { GuestException, stackFault, Vector } from "../exception";
import type { Processor } from "../processor";
import { Gpr, Segment } from "../state";
import { StateWord } from "../state-word";
import { in64BitMode } from "../system/mode";
import type { Descriptor } from "./descriptor";

/** Of a data segment: offsets above the limit are inside, those up to it outside. */
const EXPAND_DOWN = 4;
const HIGHEST_WIDE = 0xffffffff;
const HIGHEST_NARROW = 0xffff;
const USER = 3;

/** How wide the stack pointer is, in bytes: SP, ESP or RSP (SDM 1, "Address-Size Attributes for Stack Accesses"). */
export type PointerSize = 2 | 4 | 8;

/**
 * A stack that a system instruction or an event pushes to or pops from: a stack pointer of its own, which becomes RSP
 * only when all has gone well.
 */
export class Stack {
  /** Bits 31:0 and 63:32 of the stack pointer, unsigned. */
  low = 0;
  high = 0;
  /** Bits 63:32 of what `pop` took last. */
  poppedHigh = 0;

  private constructor(
    readonly p: Processor,
    private readonly pointerSize: PointerSize,
    private readonly base: number,
    private readonly limit: number,
    private readonly rights: number,
    /** What #SS reports. */
    private readonly errorCode: number,
  ) {}

  /** The stack that SS and RSP are. */
  static current(p: Processor): Stack {
    const { state } = p;
    const rights = state.u32[StateWord.segmentRights + Segment.ss];
    const size = in64BitMode(p) ? 8 : (rights & Rights.big) !== 0 ? 4 : 2;
    const limit = state.u32[StateWord.segmentLimit + Segment.ss];
    const stack = new Stack(p, size, state.u32[StateWord.segmentBase + 2 * Segment.ss], limit, rights, 0);
    stack.setPointer(
      state.u32[StateWord.gpr + 2 * Gpr.rsp],
      size === 8 ? state.u32[StateWord.gpr + 2 * Gpr.rsp + 1] : 0,
    );
    return stack;
  }

  /** A stack in a segment that is about to be loaded into SS. */
  static inSegment(p: Processor, descriptor: Descriptor, pointer: number, errorCode: number): Stack {
    const size = descriptor.isBig ? 4 : 2;
    const stack = new Stack(p, size, descriptor.base, descriptor.limit, descriptor.rights, errorCode);
    stack.setPointer(pointer, 0);
    return stack;
  }

  /** A stack of 64-bit mode. */
  static flat(p: Processor, low: number, high: number): Stack {
    const stack = new Stack(p, 8, 0, 0, 0, 0);
    stack.setPointer(low, high);
    return stack;
  }

  /** Pushes 2, 4 or 8 bytes. @throws GuestException #SS, #AC, LinearAccessError */
  push(size: number, low: number, high = 0): void {
    this.move(-size);
    const at = this.aligned(this.place(0, size), size);
    const { linear } = this.p;
    if (size === 8) {
      linear.writePair(low, high, at, this.high);
    } else if (size === 4) {
      linear.write32(low, at, this.high);
    } else {
      linear.write16(low, at, this.high);
    }
  }

  /** Pops 2, 4 or 8 bytes: gives bits 31:0, unsigned, the others are in `poppedHigh`. @throws as `push` */
  pop(size: number): number {
    const value = this.peek(0, size);
    this.move(size);
    return value;
  }

  /** Reads what `pop` would give after `offset` bytes have been popped. @throws as `push` */
  peek(offset: number, size: number): number {
    const at = this.aligned(this.place(offset, size), size);
    const { linear } = this.p;
    this.poppedHigh = 0;
    if (size === 8) {
      const words = linear.readWords(2, at, this.placeHigh);
      this.poppedHigh = words[1] >>> 0;
      return words[0] >>> 0;
    }
    return size === 4 ? linear.read32(at, this.placeHigh) : linear.read16(at, this.placeHigh);
  }

  /** Makes sure that so many elements can be pushed, as far as the segment's limit goes. @throws GuestException #SS */
  checkRoom(count: number, size: number): void {
    for (let index = 1; index <= count; index++) {
      this.place(-index * size, size);
    }
  }

  /** Adds to the stack pointer: `bytes` are released, or taken if negative. */
  move(bytes: number): void {
    const sum = this.low + bytes;
    if (this.pointerSize === 8) {
      this.high = (this.high + Math.floor(sum / 0x1_0000_0000)) >>> 0;
    }
    this.setPointer(sum, this.high);
  }

  /** Makes the stack pointer RSP: as much of it as the stack is wide. */
  commit(): void {
    const { state } = this.p;
    if (this.pointerSize === 2) {
      state.setHalves("gpr", (state.u32[StateWord.gpr + 2 * Gpr.rsp] & ~HIGHEST_NARROW) | this.low, 0, Gpr.rsp);
    } else {
      state.setHalves("gpr", this.low, this.high, Gpr.rsp);
    }
  }

  private setPointer(low: number, high: number): void {
    this.low = this.pointerSize === 2 ? low & HIGHEST_NARROW : low >>> 0;
    this.high = high >>> 0;
  }

  /** Bits 63:32 of the linear address that `place` has given. */
  private placeHigh = 0;

  /** Linear address, bits 31:0, of `size` bytes at `offset` from the stack pointer; checks the segment. */
  private place(offset: number, size: number): number {
    const sum = this.low + offset;
    if (this.pointerSize === 8) {
      const cr4 = this.p.state.u32[StateWord.cr4];
      const lastHigh = (this.high + Math.floor((sum + size - 1) / 0x1_0000_0000)) >>> 0;
      this.placeHigh = (this.high + Math.floor(sum / 0x1_0000_0000)) >>> 0;
      if (!isCanonicalHigh(this.placeHigh, cr4) || !isCanonicalHigh(lastHigh, cr4)) {
        throw stackFault(this.errorCode);
      }
      return sum >>> 0;
    }
    this.placeHigh = 0;
    const first = this.pointerSize === 2 ? sum & HIGHEST_NARROW : sum >>> 0;
    if (!this.holds(first, first + size - 1)) {
      throw stackFault(this.errorCode);
    }
    return (this.base + first) >>> 0;
  }

  /** The address itself. @throws GuestException #AC when accesses of the current privilege level are checked and it is not aligned */
  private aligned(linear: number, size: number): number {
    const { u32 } = this.p.state;
    if ((u32[StateWord.codeMode] & CodeMode.alignment) !== 0 && u32[StateWord.cpl] === USER && linear % size !== 0) {
      throw new GuestException(Vector.alignmentCheck, 0);
    }
    return linear;
  }

  /** SDM 3A, "Limit Checking". */
  private holds(first: number, last: number): boolean {
    const { rights, limit } = this;
    if ((rights & Rights.unusable) !== 0) {
      return false;
    }
    if ((rights & Rights.type & (CODE | EXPAND_DOWN)) !== EXPAND_DOWN) {
      return last <= limit;
    }
    return first > limit && last <= ((rights & Rights.big) !== 0 ? HIGHEST_WIDE : HIGHEST_NARROW);
  }
}

/**
 * Pushes CS and the instruction pointer behind the current instruction.
 *
 * @param call the size of what is pushed, and of the instruction, in bytes
 * @throws GuestException #SS, LinearAccessError
 */
export function pushReturn(stack: Stack, call: { readonly size: number; readonly length: number }): void {
  const { state } = stack.p;
  const rip = state.u32[StateWord.rip] + call.length;
  stack.push(call.size, state.u32[StateWord.segmentSelector + Segment.cs]);
  stack.push(call.size, rip, rip > HIGHEST_WIDE ? state.u32[StateWord.rip + 1] + 1 : state.u32[StateWord.rip + 1]);
}

const CODE = SegmentType.codeRead & ~SegmentType.dataWritten;
