import type { Processor } from "../processor";
import { StateWord } from "../state-word";

/**
 * Runs `act` as code of a privilege level would, while the rest of the processor is still as it was: for accesses to
 * tables and stacks that belong to that level. When it throws, the CPL is what it was; else it stays.
 */
export function atPrivilege<A, B>(
  p: Processor,
  cpl: number,
  act: (p: Processor, a: A, b: B) => void,
  a: A,
  b: B,
): void {
  const { state, tlb } = p;
  const before = state.u32[StateWord.cpl];
  state.u32[StateWord.cpl] = cpl;
  tlb.select();
  try {
    act(p, a, b);
  } catch (error) {
    state.u32[StateWord.cpl] = before;
    tlb.select();
    throw error;
  }
}
