import { Vector } from "../exception";
import type { Processor, RunStop } from "../processor";
import { Rflags } from "../state";
import { Dr6 } from "./debug";
import { raise } from "./raise";
import { Blocking } from "./shadow";
import { watch } from "./watch";

/**
 * Runs one instruction while RFLAGS.TF is set or breakpoints are enabled, with the debug exceptions that it has before
 * and behind it (SDM 3B, "Debug Exceptions"). MOV and POP to SS hold back those behind them, and let the next instruction
 * pass its breakpoints; one behind HLT ends it.
 */
export function stepWatched(p: Processor): RunStop | null {
  const { breakpoints } = p;
  watch(p);
  const passed = (p.eflags & Rflags.RF) !== 0 || (p.interruptibility & Blocking.byMovSs) !== 0;
  const here = passed ? 0 : breakpoints.instructionsAt(p.linearRip);
  if (here !== 0) {
    return raise(p, Vector.debug, null, BigInt(here));
  }
  const traps = (p.eflags & Rflags.TF) !== 0;
  const { retired, deliveries, nonRoot } = p;
  /** Met by a MOV to SS before this instruction. */
  const heldBack = breakpoints.met;
  const stop = p.stepOnce();
  const ended = stop === null || stop.kind === "halted";
  if (!ended || p.retired === retired || p.nonRoot !== nonRoot) {
    breakpoints.met = 0;
    return stop;
  }
  if (p.deliveries !== deliveries) {
    return beginHandler(p, heldBack & breakpoints.met);
  }
  if ((p.interruptibility & Blocking.byMovSs) !== 0) {
    return null;
  }
  const cause = BigInt(breakpoints.met) | (traps ? Dr6.singleStep : 0n);
  breakpoints.met = 0;
  return cause === 0n ? stop : raise(p, Vector.debug, null, cause);
}

/** Behind SYSCALL and its like: a debug exception comes first if breakpoints were held back until then. */
function beginHandler(p: Processor, heldBack: number): null {
  p.breakpoints.met = 0;
  p.pendingDebug |= BigInt(heldBack);
  return null;
}
