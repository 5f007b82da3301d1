import { BRANCHES, type CpuState } from "./state";

/** Jumps and calls that are remembered before all are forgotten, and places that each is known to go to. */
const MAX_BRANCHES = 1024;
const MAX_TARGETS = 32;

/** Where indirect jumps and calls go: what translated code has noted of late, kept for translating hot code. */
export class IndirectBranches {
  /** By the branch's instruction pointer, how often each target was seen. */
  private readonly seen = new Map<bigint, Map<bigint, number>>();

  /** Takes over what translated code has noted in the state. */
  collect(state: CpuState): void {
    for (let pair = 0; pair < BRANCHES; pair++) {
      const to = state.get64("branches", 2 * pair + 1);
      const targets = this.targetsOf(state.get64("branches", 2 * pair));
      if (targets.size < MAX_TARGETS || targets.has(to)) {
        targets.set(to, (targets.get(to) ?? 0) + 1);
      }
    }
  }

  /** Where the branch at an instruction pointer has gone, most often first. */
  targets(from: bigint): bigint[] {
    return [...(this.seen.get(from) ?? [])].sort(([, a], [, b]) => b - a).map(([target]) => target);
  }

  private targetsOf(from: bigint): Map<bigint, number> {
    const known = this.seen.get(from);
    if (known !== undefined) {
      return known;
    }
    if (this.seen.size >= MAX_BRANCHES) {
      this.seen.clear();
    }
    const targets = new Map<bigint, number>();
    this.seen.set(from, targets);
    return targets;
  }
}
