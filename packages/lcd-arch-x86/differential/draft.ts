import type { CodeSize } from "./kinds";
import type { Random } from "./random";

/** A case while it is being written: its bytes so far and what is known of the registers. */
export interface Draft {
  readonly random: Random;
  readonly bytes: number[];
  readonly code: CodeSize;
  /** Instruction pointer of the first byte. */
  readonly base: number;
  /** Base of the code segment. */
  readonly codeSegment: number;
  /** Address of the window as instructions name it. */
  readonly window: number;
  /** Bytes that most displacements are multiples of. */
  readonly alignment: number;
  /** Registers believed to hold an address in the window, one bit each. */
  pointers: number;
  /** Registers believed to hold a small number. */
  smalls: number;
  /** Registers that may have been written, since the writer of a sequence last cleared it. */
  written: number;
}

/** No longer counts on the value of a register. */
export function forget(draft: Draft, register: number): void {
  draft.written |= 1 << register;
  draft.pointers &= ~(1 << register);
  draft.smalls &= ~(1 << register);
}

/** Appends a number of `bits` bits, little-endian. */
export function pushNumber(bytes: number[], value: number, bits: 8 | 16 | 32): void {
  for (let shift = 0; shift < bits; shift += 8) {
    bytes.push((value >>> shift) & 0xff);
  }
}

/** Appends a number of 32 bits; 16 in 16-bit code. */
export function pushNear(draft: Draft, value: number): void {
  pushNumber(draft.bytes, value, nearBits(draft));
}

/** Bits of near displacements and of immediate operands without prefixes. */
export function nearBits({ code }: Draft): 16 | 32 {
  return code === 16 ? 16 : 32;
}
