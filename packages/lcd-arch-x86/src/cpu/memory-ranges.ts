import { defineCallout } from "./callouts";
import { type CpuState, StateOffset } from "./state";
import type { TlbBank } from "./tlb-bank";
import {
  isForWrite,
  LARGEST_ACCESS,
  LARGEST_SPAN,
  RANGE_ENTRY_SIZE,
  RANGES,
  RangeEntry,
} from "./translate/range-layout";

/** Accesses outside a range before it is first looked at, and the most there may be between two looks. */
const FIRST_INTERVAL = 16;
const LONGEST_INTERVAL = 1024;

const PAGE = 4096;

/**
 * The first byte of a range that is empty: it begins on one of the 2^46 pages whose addresses begin with binary 10, none
 * of them canonical. Which one is left to chance, because an access to that very page would not be noticed: it would reach
 * the first 4096 bytes of linear memory, where nothing is, instead of raising #GP.
 */
const NOWHERE = (0x80000000 | Math.floor(Math.random() * 2 ** 30)) >> 0;
const NOWHERE_LOW = Math.floor(Math.random() * 2 ** 16) << 16;

/** Looks for a better run of pages for the range in `rangeWanted`, around the access in `slowAddress`. */
export const GROW_RANGE = defineCallout("growRange", (p) => p.ranges.grow());

/** Keeps the memory ranges of one processor (translate/range-layout.ts) in step with its TLB. */
export class MemoryRanges {
  /** The TLB that translated code looks up now. */
  bank: TlbBank | null = null;
  private readonly words: Int32Array;
  private readonly filled = new Set<number>();
  private readonly intervals = new Array<number>(RANGES).fill(FIRST_INTERVAL);

  constructor(
    buffer: ArrayBufferLike,
    private readonly state: CpuState,
  ) {
    this.words = new Int32Array(buffer);
    for (let range = 0; range < RANGES; range++) {
      this.empty(range);
    }
  }

  /** Forgets all ranges: translations have been dropped, or are of another address space. */
  clear(): void {
    for (const range of this.filled) {
      this.empty(range);
    }
    this.filled.clear();
  }

  /** Forgets the ranges for writes: stores to some page must leave the fast path. */
  clearWrites(): void {
    for (const range of this.filled) {
      if (isForWrite(range)) {
        this.empty(range);
        this.filled.delete(range);
      }
    }
  }

  /** Makes a range the longest run of pages around `slowAddress` that the TLB knows. */
  grow(): void {
    const { state, words } = this;
    const range = state.get32("rangeWanted");
    const at = this.wordOf(range);
    words[at + (RangeEntry.countdown >> 2)] = this.intervals[range];
    this.intervals[range] = Math.min(this.intervals[range] * 2, LONGEST_INTERVAL);
    const low = state.low("slowAddress") & ~(PAGE - 1);
    const run = this.bank?.runAround(low, state.high("slowAddress"), isForWrite(range));
    if (run) {
      words[at] = run.low;
      words[at + 1] = state.high("slowAddress");
      words[at + 2] = run.pages * PAGE - LARGEST_ACCESS;
      words[at + 3] = 0;
      words[at + (RangeEntry.place >> 2)] = run.low + run.addend;
      words[at + (RangeEntry.addend >> 2)] = run.addend;
      this.filled.add(range);
    }
  }

  private empty(range: number): void {
    const at = this.wordOf(range);
    this.words[at] = NOWHERE_LOW;
    this.words[at + 1] = NOWHERE;
    this.words[at + 2] = LARGEST_SPAN - LARGEST_ACCESS;
    this.words[at + 3] = 0;
    this.words[at + (RangeEntry.place >> 2)] = 0;
    this.words[at + (RangeEntry.addend >> 2)] = -NOWHERE_LOW;
    this.words[at + (RangeEntry.countdown >> 2)] = FIRST_INTERVAL;
    this.intervals[range] = FIRST_INTERVAL;
  }

  private wordOf(range: number): number {
    return (this.state.base + StateOffset.ranges + range * RANGE_ENTRY_SIZE) >> 2;
  }
}
