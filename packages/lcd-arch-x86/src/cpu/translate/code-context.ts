import { codeBytes } from "../code-mode";

/** What decides, besides its bytes, what code at an instruction pointer means: the mode, and CS. */
export interface CodeContext {
  /** Bits of `CodeMode`. */
  readonly mode: number;
  /** CS base; 0 in 64-bit mode. */
  readonly base: number;
  /** CS limit; not looked at in 64-bit mode. */
  readonly limit: number;
}

export const isLong = ({ mode }: CodeContext): boolean => codeBytes(mode) === 8;

/** The instruction pointer, which has 64 bits in 64-bit mode and 32 in others. */
export const ripOf = (context: CodeContext, rip: bigint): bigint => BigInt.asUintN(isLong(context) ? 64 : 32, rip);

/** The linear address that an instruction pointer means. */
export const linearOf = (context: CodeContext, rip: bigint): bigint =>
  isLong(context) ? BigInt.asUintN(64, rip) : BigInt.asUintN(32, rip + BigInt(context.base));

/** Whether two contexts give the same bytes at the same instruction pointer the same meaning. */
export const sameContext = (a: CodeContext, b: CodeContext): boolean =>
  a.mode === b.mode && a.base === b.base && a.limit === b.limit;
