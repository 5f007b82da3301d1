/** Addresses that are remembered before all are forgotten. */
const MAX_REMEMBERED = 8192;

/** How a processor finds out where its time goes. */
export interface Sampling {
  /** Retired instructions between two looks. */
  interval: number;
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

  constructor(private readonly sampling: Sampling) {}

  isHot(rip: bigint): boolean {
    return this.sampling.hot === 0 || this.hot.has(rip);
  }

  /** The processor was found at an address. Tells whether that makes it hot. */
  found(rip: bigint): boolean {
    const times = (this.seen.get(rip) ?? 0) + 1;
    if (times >= this.sampling.hot) {
      this.seen.delete(rip);
      return true;
    }
    if (this.seen.size >= MAX_REMEMBERED) {
      this.seen.clear();
    }
    this.seen.set(rip, times);
    return false;
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
