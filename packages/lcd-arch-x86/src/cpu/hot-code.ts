/** Addresses that are remembered before all are forgotten. */
const MAX_REMEMBERED = 8192;

/** How many times as often a block has to be found when it lies inside a hot region. */
const COVERED_FACTOR = 8;

/** How a processor finds out where its time goes. */
export interface Sampling {
  /** Retired instructions between two looks. */
  interval: number;
  /** Times that a block is interpreted before it is compiled; 0: none is. */
  cold: number;
  /** Looks that have to find an address before it is hot; 0: everything is. */
  hot: number;
}

/**
 * Which code is hot: where a processor is found again and again when it is looked at. Looks come after a number of
 * retired instructions, not of milliseconds, so the same run finds the same code hot.
 */
export class HotCode {
  private readonly seen = new Map<bigint, number>();
  private readonly hot = new Set<bigint>();
  private readonly covered = new Set<bigint>();

  constructor(private readonly sampling: Sampling) {}

  isHot(rip: bigint): boolean {
    return this.sampling.hot === 0 || this.hot.has(rip);
  }

  /** The processor was found at an address. Tells whether that makes it hot. */
  found(rip: bigint): boolean {
    const times = (this.seen.get(rip) ?? 0) + 1;
    if (times >= this.sampling.hot * (this.covered.has(rip) ? COVERED_FACTOR : 1)) {
      this.seen.delete(rip);
      return true;
    }
    if (this.seen.size >= MAX_REMEMBERED) {
      this.seen.clear();
    }
    this.seen.set(rip, times);
    return false;
  }

  /**
   * These blocks lie inside a hot region. Control that is found at one of them will probably soon come to that region's
   * entry, so it takes more for them to get regions of their own.
   */
  cover(blocks: Iterable<bigint>): void {
    if (this.covered.size >= MAX_REMEMBERED) {
      this.covered.clear();
    }
    for (const block of blocks) {
      this.covered.add(block);
    }
  }

  /** Makes an address hot; false when it already was. */
  heat(rip: bigint): boolean {
    if (this.hot.has(rip)) {
      return false;
    }
    if (this.hot.size >= MAX_REMEMBERED) {
      this.hot.clear();
    }
    this.hot.add(rip);
    return true;
  }
}
