import type { Bytecode } from "./interpret/encode";
import type { Site } from "./ir";
import { type CodeContext, linearOf } from "./translate/code-context";
import type { Range } from "./translate/ranges";

/** How much work code is worth. */
export const Tier = {
  /** One instruction, for stops at an exact place: interpreted. */
  step: 0,
  /** A block that has hardly ever run: interpreted. */
  first: 1,
  /** A small region, compiled. */
  cold: 2,
  /** Found running often: larger, with TLB lookups in place. */
  hot: 3,
} as const;
export type Tier = (typeof Tier)[keyof typeof Tier];

/** What was made of code, and the bytes it was made from: it is valid wherever exactly those stand at its addresses. */
export interface Translation {
  context: CodeContext;
  rip: bigint;
  tier: Tier;
  /** Index in the function table; 0 when it is interpreted. */
  index: number;
  /** What is interpreted; null when it is compiled. */
  bytecode: Bytecode | null;
  /** Times that it has been interpreted. */
  runs: number;
  sites: readonly Site[];
  /** Linear addresses of the pages it lies on. */
  pages: readonly bigint[];
  ranges: readonly Range[];
  /** Pages that its instructions go on to, which could not be fetched: when they can be, there is more to translate. */
  missing: readonly bigint[];
  /** For which frames of those pages its bytes are known to stand there now; the most recent few. */
  valid: number[][];
  /** Frames and pages that there are marks for: frame * MARK_PAGES + page (`code-marks.ts`). */
  readonly marked: Set<number>;
}

/** Translations are found by the low bits of their linear address, which fit in a number. */
export const keyOf = (context: CodeContext, rip: bigint): number => Number(BigInt.asUintN(53, linearOf(context, rip)));
