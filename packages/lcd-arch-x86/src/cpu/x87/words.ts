import { FloatException } from "../float/environment";

/** The x87 status word (SDM 1, "x87 FPU Status Register"); bits 5:0 are `FloatException`. */
export const StatusWord = {
  /** Stack fault: an invalid operation was a register that was empty, or not. */
  SF: 1 << 6,
  /** Exception summary: an unmasked exception is pending. */
  ES: 1 << 7,
  C0: 1 << 8,
  C1: 1 << 9,
  C2: 1 << 10,
  topShift: 11,
  C3: 1 << 14,
  /** Busy: a copy of ES. */
  B: 1 << 15,
} as const;

export const CONDITION_CODES = StatusWord.C0 | StatusWord.C1 | StatusWord.C2 | StatusWord.C3;
const TOP_FIELD = 7 << StatusWord.topShift;

const { IE, DE, ZE, OE, UE, PE } = FloatException;
export const EXCEPTION_FLAGS = IE | DE | ZE | OE | UE | PE;

/** The x87 control word (SDM 1, "x87 FPU Control Word"). */
export const ControlWord = {
  /** After FNINIT: all exceptions masked, 64 bits, round to nearest. */
  initial: 0x37f,
  /** Bits that can be written: masks, PC, RC and X. */
  writable: 0x1f3f,
  /** Reads as 1. */
  fixed: 1 << 6,
} as const;

/** The status word with ES and B as the flags and the control word's masks make them. */
export function withSummary(status: number, control: number): number {
  const pending = (status & ~control & EXCEPTION_FLAGS) !== 0;
  const rest = status & 0xffff & ~(StatusWord.ES | StatusWord.B);
  return pending ? rest | StatusWord.ES | StatusWord.B : rest;
}

export const topOf = (status: number): number => (status & TOP_FIELD) >> StatusWord.topShift;

export const withTop = (status: number, top: number): number =>
  (status & ~TOP_FIELD) | ((top & 7) << StatusWord.topShift);
