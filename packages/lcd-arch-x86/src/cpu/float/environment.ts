/** Floating-point exceptions: their bits in the x87 status word and in MXCSR alike (SDM 1, "MXCSR Control and Status Register"). */
export const FloatException = {
  /** Invalid operation. */
  IE: 1 << 0,
  /** Denormal operand. */
  DE: 1 << 1,
  /** Division by zero. */
  ZE: 1 << 2,
  /** Overflow. */
  OE: 1 << 3,
  /** Underflow. */
  UE: 1 << 4,
  /** Precision: the result is not exact. */
  PE: 1 << 5,
} as const;

const { IE, DE, ZE, OE, UE, PE } = FloatException;
const ALL_EXCEPTIONS = IE | DE | ZE | OE | UE | PE;

/** Exceptions that are found before anything is computed: unmasked, there is no result. */
const BEFORE_COMPUTATION = IE | DE | ZE;

/** Rounding modes, as the RC fields of MXCSR and of the x87 control word encode them. */
export const Rounding = { nearest: 0, down: 1, up: 2, zero: 3 } as const;
export type Rounding = (typeof Rounding)[keyof typeof Rounding];

/** Fields of MXCSR other than the exception flags (SDM 1, "MXCSR Control and Status Register"). */
const Mxcsr = { DAZ: 1 << 6, maskShift: 7, roundingShift: 13, FTZ: 1 << 15 } as const;

/** Significand bits that the x87 PC field selects; the reserved encoding works like 64. */
const precisions = [24, 64, 53, 64] as const;
/** Fields of the x87 control word (SDM 1, "x87 FPU Control Word"). */
const ControlWord = { precisionShift: 8, roundingShift: 10 } as const;

/** What an operation depends on besides its operands, and what it reports besides its result. */
export class FloatEnv {
  rounding: Rounding = Rounding.nearest;
  /** Exceptions that are masked, as a set of `FloatException`. */
  masks: number = ALL_EXCEPTIONS;
  /** Denormal operands are zeros (SSE). */
  daz = false;
  /** Tiny results are zeros, while underflow is masked (SSE). */
  ftz = false;
  /** x87 rules: which NaN wins, and results with a biased exponent for unmasked overflow and underflow. */
  x87 = false;
  /** Significand bits that x87 arithmetic rounds to: 24, 53 or 64. */
  precision = 64;
  /** Exceptions since this was last set to 0; operations only add to it. */
  flags = 0;
  /** The last result that was rounded is larger in magnitude than the exact one: what x87 reports in C1. */
  roundedUp = false;

  /** Makes this the environment of an SSE instruction: modes and masks from MXCSR, no flags. */
  loadMxcsr(mxcsr: number): this {
    this.rounding = ((mxcsr >>> Mxcsr.roundingShift) & 3) as Rounding;
    this.masks = (mxcsr >>> Mxcsr.maskShift) & ALL_EXCEPTIONS;
    this.daz = (mxcsr & Mxcsr.DAZ) !== 0;
    this.ftz = (mxcsr & Mxcsr.FTZ) !== 0;
    this.x87 = false;
    this.flags = 0;
    return this;
  }

  /** Makes this the environment of an x87 instruction: modes and masks from the control word, no flags. */
  loadControlWord(controlWord: number): this {
    this.rounding = ((controlWord >>> ControlWord.roundingShift) & 3) as Rounding;
    this.precision = precisions[(controlWord >>> ControlWord.precisionShift) & 3];
    this.masks = controlWord & ALL_EXCEPTIONS;
    this.daz = false;
    this.ftz = false;
    this.x87 = true;
    this.flags = 0;
    this.roundedUp = false;
    return this;
  }

  /** An exception whose mask is clear has been found before the computation: there is no result. */
  get stopped(): boolean {
    return (this.flags & ~this.masks & BEFORE_COMPUTATION) !== 0;
  }

  /** Exceptions found whose masks are clear. Not 0: an SSE instruction writes no result and raises #XM. */
  get unmasked(): number {
    return this.flags & ~this.masks;
  }

  /**
   * The flags to add to MXCSR. When an exception found before the computation of some element is unmasked, what the
   * computation of others found is not reported (SDM 1, "Handling Combinations of Masked and Unmasked Exceptions").
   */
  get reported(): number {
    return this.stopped ? this.flags & BEFORE_COMPUTATION : this.flags;
  }
}
