import { JumpCache } from "./jump-cache";
import type { CpuState } from "./state";
import { JUMP_SIZE } from "./translate/tlb-layout";

/** Kinds of code in address spaces for which jump caches are kept. */
const CACHES = 8;

/** Linear memory that one processor's jump caches take. */
export const JUMP_AREA = CACHES * JUMP_SIZE;

/** A jump cache, and what it is for. */
interface Kept {
  readonly cache: JumpCache;
  /** The address space, as the TLB counts them; -1: none. */
  space: number;
  mode: number;
  base: number;
  limit: number;
  lastUsed: number;
}

/**
 * The jump caches of one processor: from the instruction pointer to the translation that starts there. What a
 * translation depends on besides its bytes (address space, mode, code segment) chooses the cache.
 */
export class JumpCaches {
  private readonly caches: Kept[];
  private current: Kept;
  private uses = 0;

  /** @param area linear-memory address of JUMP_AREA bytes */
  constructor(
    buffer: ArrayBufferLike,
    area: number,
    private readonly state: CpuState,
  ) {
    const words = new Int32Array(buffer);
    // -0 has the bits of the empty tag; filling the other field with it as well does no harm.
    new Float64Array(buffer, area, JUMP_AREA / 8).fill(-0);
    this.caches = Array.from({ length: CACHES }, (_, index) => ({
      cache: new JumpCache(words, area + index * JUMP_SIZE),
      space: -1,
      mode: 0,
      base: 0,
      limit: 0,
      lastUsed: 0,
    }));
    this.current = this.caches[0];
  }

  /** Goes to the cache of an address space, as the TLB counts them, and the mode and code segment of the state. */
  select(space: number): void {
    const { state } = this;
    const mode = state.get32("codeMode");
    const base = state.low("codeBase");
    const limit = state.get32("codeLimit");
    const isFor = (kept: Kept): boolean =>
      kept.space === space && kept.mode === mode && kept.base === base && kept.limit === limit;
    if (!isFor(this.current)) {
      this.current = this.caches.find(isFor) ?? this.takeOldest({ space, mode, base, limit });
    }
    this.current.lastUsed = ++this.uses;
    state.set32("jumps", this.current.cache.address);
  }

  /** Entries that a flush of everything has to clear. */
  get filled(): number {
    return this.caches.reduce((sum, { cache }) => sum + cache.filled, 0);
  }

  /** Forgets where blocks start in an address space. */
  flush(space: number): void {
    for (const kept of this.caches) {
      if (kept.space === space) {
        kept.cache.flush();
      }
    }
  }

  flushAll(): void {
    for (const { cache } of this.caches) {
      cache.flush();
    }
  }

  /** Remembers that the block at the instruction pointer `high`:`low` starts with the function at a table index. */
  fill(low: number, high: number, index: number): void {
    this.current.cache.fill(low, high, index);
  }

  private takeOldest(use: Pick<Kept, "space" | "mode" | "base" | "limit">): Kept {
    const oldest = this.caches.reduce((a, b) => (b.lastUsed < a.lastUsed ? b : a));
    oldest.cache.flush();
    return Object.assign(oldest, use);
  }
}
