import { FloatEnv, FloatException } from "../float/environment";
import { extended80, pack80SignExponent, unpack80 } from "../float/format";
import { Real } from "../float/real";
import { finish } from "../float/round";
import type { CpuState } from "../state";
import { errorsCleared } from "./error-pins";
import { Place } from "./places";
import { CONDITION_CODES, ControlWord, StatusWord, topOf, withSummary, withTop } from "./words";

const { IE } = FloatException;
const { SF, C1 } = StatusWord;

/**
 * The x87 unit of one processor: its registers, as a stack, and what every instruction does around its computation. The
 * instructions themselves are in the other files of this folder, as functions of an Fpu.
 *
 * An instruction calls `begin`, then one of the checks for empty registers, computes with `env`, and calls `settle`,
 * which tells whether its results count.
 */
export class Fpu {
  /** Modes from the control word, and what the current instruction has raised. */
  readonly env = new FloatEnv();
  /** Numbers for instructions to work with. */
  readonly a = new Real();
  readonly b = new Real();
  readonly out = new Real();
  readonly second = new Real();

  /** The state's 32-bit words, at the places of `Place`. */
  readonly words: Uint32Array;

  constructor(readonly state: CpuState) {
    this.words = state.u32;
  }

  get status(): number {
    return this.words[Place.status];
  }

  set status(value: number) {
    this.words[Place.status] = value;
  }

  get control(): number {
    return this.words[Place.control];
  }

  /** Writes the control word; a flag that it unmasks becomes pending. */
  set control(value: number) {
    const control = (value & ControlWord.writable) | ControlWord.fixed;
    this.words[Place.control] = control;
    this.status = withSummary(this.status, control);
    errorsCleared(this.state);
  }

  get top(): number {
    return topOf(this.status);
  }

  set top(value: number) {
    this.status = withTop(this.status, value);
  }

  /** An unmasked exception waits for the next instruction that waits. */
  get isPending(): boolean {
    return (this.status & StatusWord.ES) !== 0;
  }

  // Registers, by their place on the stack.

  isEmpty(i: number): boolean {
    return ((this.words[Place.tags] >>> ((this.top + i) & 7)) & 1) === 0;
  }

  private setTag(i: number, full: boolean): void {
    const bit = 1 << ((this.top + i) & 7);
    const tags = this.words[Place.tags];
    this.words[Place.tags] = full ? tags | bit : tags & ~bit;
  }

  free(i: number): void {
    this.setTag(i, false);
  }

  /** Where in `words` ST(i) is: its significand's halves, then its sign and exponent. */
  placeOf(i: number): number {
    return Place.st + ((this.top + i) & 7) * Place.stride;
  }

  /** Takes ST(i) apart. */
  load(i: number, into: Real): void {
    const { words } = this;
    const at = this.placeOf(i);
    unpack80(words[at], words[at + 1], words[at + 2], into);
  }

  /** Writes ST(i), which is not empty then. */
  store(i: number, x: Real): void {
    this.storeBits(i, x.low, x.high, pack80SignExponent(x));
  }

  storeBits(i: number, low: number, high: number, signExponent: number): void {
    const { words } = this;
    const at = this.placeOf(i);
    words[at] = low;
    words[at + 1] = high;
    words[at + 2] = signExponent & 0xffff;
    words[at + 3] = 0;
    this.setTag(i, true);
  }

  /** Copies ST(from) to ST(to), as it is. */
  copy(from: number, to: number): void {
    const { words } = this;
    const at = this.placeOf(from);
    this.storeBits(to, words[at], words[at + 1], words[at + 2]);
  }

  pop(): void {
    this.free(0);
    this.top++;
  }

  push(x: Real): void {
    this.top--;
    this.store(0, x);
  }

  // What instructions have in common.

  /** Starts an instruction: the environment's modes, C1 cleared. */
  begin(): FloatEnv {
    this.status &= ~C1;
    return this.env.loadControlWord(this.control);
  }

  /** An operand's register is empty: an invalid operation. @returns whether it is masked, so that a default is stored */
  underflow(): boolean {
    return this.stackFault(0);
  }

  /** The register to push to is not empty. @returns whether that is masked */
  overflow(): boolean {
    return this.stackFault(C1);
  }

  private stackFault(direction: number): boolean {
    this.status = withSummary(this.status | IE | SF | direction, this.control);
    return (this.control & IE) !== 0;
  }

  /** Rounds a result for a register. @param precision bits, when the control word's PC field counts */
  round(x: Real, precision = 64): Real {
    finish(x, extended80, this.env, true, precision);
    return x;
  }

  /** Ends the computation: flags and C1 go to the status word. @returns whether there is a result */
  settle(): boolean {
    const { env } = this;
    this.status = withSummary(this.status | env.flags | (env.roundedUp && !env.stopped ? C1 : 0), this.control);
    return !env.stopped;
  }

  setConditions(codes: number): void {
    this.status = (this.status & ~CONDITION_CODES) | codes;
  }
}
