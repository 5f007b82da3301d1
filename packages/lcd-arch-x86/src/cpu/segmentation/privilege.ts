import type { Processor } from "../processor";

/**
 * Runs `act` as code of a privilege level would, while the rest of the processor is still as it was: for accesses to a
 * stack that belongs to that level. When it throws, the CPL is what it was; else it stays.
 */
export function atPrivilege<A, B>(p: Processor, cpl: number, act: (a: A, b: B) => void, a: A, b: B): void {
  const { state, tlb } = p;
  const before = state.get32("cpl");
  state.set32("cpl", cpl);
  tlb.select();
  try {
    act(a, b);
  } catch (error) {
    state.set32("cpl", before);
    tlb.select();
    throw error;
  }
}
