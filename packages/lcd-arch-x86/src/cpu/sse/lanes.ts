import { float32, float64, type SseFloat } from "../float/index";
import { type CpuState, OPERAND_SIZE, StateOffset } from "../state";

/** Numbers of one format in the operand fields of callouts: the first operand is the destination, the second the source. */
export interface Lanes<Bits extends number | bigint> {
  readonly float: SseFloat<Bits>;
  /** How many a vector has. */
  readonly count: number;
  /** A lane without any bit set, and one with all of them. */
  readonly none: Bits;
  readonly all: Bits;
  get(state: CpuState, operand: number, lane: number): Bits;
  /** Sets a lane of the result, which takes the place of the first operand. */
  set(state: CpuState, lane: number, bits: Bits): void;
}

export const DESTINATION = 0;
export const SOURCE = 1;
/** Where an instruction's immediate is. */
const IMMEDIATE = 2;

/** The operands in a state of 32-bit words. */
const OPERANDS = StateOffset.operand / 4;
const WORDS = OPERAND_SIZE / 4;
const QUADWORDS = OPERAND_SIZE / 8;

/** A doubleword of an operand, unsigned. */
export const get32 = (state: CpuState, operand: number, lane: number): number =>
  state.u32[OPERANDS + operand * WORDS + lane];

/** Sets a doubleword of the result. */
export function set32(state: CpuState, lane: number, value: number): void {
  state.u32[OPERANDS + lane] = value;
}

/** A quadword of an operand, unsigned. */
export const get64 = (state: CpuState, operand: number, lane: number): bigint =>
  state.get64("operand", operand * QUADWORDS + lane);

/** Sets a quadword of the result. */
export const set64 = (state: CpuState, lane: number, value: bigint): void => state.set64("operand", value, lane);

export const immediateOf = (state: CpuState): number => get32(state, IMMEDIATE, 0);

export const singles: Lanes<number> = { float: float32, count: 4, none: 0, all: 0xffffffff, get: get32, set: set32 };
export const doubles: Lanes<bigint> = {
  float: float64,
  count: 2,
  none: 0n,
  all: 0xffffffffffffffffn,
  get: get64,
  set: set64,
};
