import { Cr4 } from "../../mmu/control-bits";
import { defineCallout } from "../callouts";
import { GuestException, Vector } from "../exception";
import { FloatEnv } from "../float/index";
import type { CpuState } from "../state";

/** Computes with the operand fields of a state, as MXCSR says, and leaves the result in the first of them. */
export type SseOperation = (state: CpuState, env: FloatEnv) => void;

const environment = new FloatEnv();

/**
 * Adds a callout that computes exactly what an SSE instruction does, whatever MXCSR says and the operands are: flags go
 * to MXCSR, and one that is not masked raises #XM, or #UD when CR4.OSXMMEXCPT is clear (SDM 1, "SIMD Floating-Point
 * Exceptions"). @returns its number
 */
export const defineSse = (name: string, compute: SseOperation): number =>
  defineCallout(name, ({ state }) => {
    const mxcsr = state.get32("mxcsr");
    const env = environment.loadMxcsr(mxcsr);
    compute(state, env);
    state.set32("mxcsr", mxcsr | env.reported);
    if (env.unmasked !== 0) {
      const reported = (state.low("cr4") & Cr4.OSXMMEXCPT) !== 0;
      throw new GuestException(reported ? Vector.simdFloatingPoint : Vector.invalidOpcode, null);
    }
  });
