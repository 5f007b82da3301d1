/** Default operand and address size of code. */
export type CodeSize = 16 | 32 | 64;

/** Which instructions cases are made of. */
export type FormSet = "integer" | "system" | "sse" | "x87";

export interface CaseKind {
  readonly bits: CodeSize;
  readonly set: FormSet;
  /** Cases of a hundred that are of this kind, in a run of all kinds. */
  readonly share: number;
}

/**
 * The kinds of cases. Those of 16 and 32 bits run in compatibility mode with segments of their own; `sse` and `x87`
 * (with MMX, which is with `sse` in 16-bit code) have the x87, MMX and SSE registers as part of their state; `system` raises what user mode may not do.
 */
export const kinds = {
  "64": { bits: 64, set: "integer", share: 30 },
  "32": { bits: 32, set: "integer", share: 15 },
  "16": { bits: 16, set: "integer", share: 10 },
  system64: { bits: 64, set: "system", share: 2 },
  system32: { bits: 32, set: "system", share: 2 },
  system16: { bits: 16, set: "system", share: 1 },
  sse64: { bits: 64, set: "sse", share: 15 },
  sse32: { bits: 32, set: "sse", share: 7 },
  sse16: { bits: 16, set: "sse", share: 3 },
  x87_64: { bits: 64, set: "x87", share: 10 },
  x87_32: { bits: 32, set: "x87", share: 5 },
} as const satisfies Record<string, CaseKind>;

export type KindName = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as KindName[];

/** Whether cases of a kind have x87, MMX and SSE registers. */
export function hasFx(kind: KindName): boolean {
  const { set } = kinds[kind];
  return set === "sse" || set === "x87";
}
