import { StateOffset } from "../state";

/**
 * Where what x87 instructions use most is in the state's 32-bit words. Finding a field by its name takes longer than most
 * of them.
 */
export const Place = {
  /** Register R0; each has four words: significand, sign and exponent, nothing. */
  st: StateOffset.st >>> 2,
  stride: 4,
  control: StateOffset.fpuControl >>> 2,
  status: StateOffset.fpuStatus >>> 2,
  tags: StateOffset.fpuTags >>> 2,
  /** The operand in memory: 80 bits in three words. */
  operand: StateOffset.operand >>> 2,
  /** The number of the register ST(i) that the instruction names. */
  register: (StateOffset.operand >>> 2) + 8,
} as const;
