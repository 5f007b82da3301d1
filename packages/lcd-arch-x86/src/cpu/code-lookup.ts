import { Access, isCanonicalHigh, type Mmu } from "../mmu/index";
import type { CodeCache } from "./code-cache";
import { HotCode, type Sampling } from "./hot-code";
import { IndirectBranches } from "./indirect-branches";
import type { JumpCaches } from "./jump-caches";
import type { MemoryAccess } from "./memory-access";
import type { CpuState } from "./state";
import { type CodeContext, linearOf } from "./translate/code-context";
import type { CodeSource } from "./translate/discover";
import { Tier, type Translation } from "./translation";

/** What of its processor a `CodeLookup` works with. */
export interface LookupParts {
  readonly state: CpuState;
  readonly mmu: Mmu;
  readonly jumps: JumpCaches;
  readonly access: MemoryAccess;
  readonly cache: CodeCache;
  /** RAM of the machine. */
  readonly ram: Uint8Array;
  readonly sampling: Sampling;
}

/** Finds translations of the code at a processor's RIP, and decides which code gets better ones. */
export class CodeLookup {
  private readonly hot: HotCode;
  private readonly branches = new IndirectBranches();
  /** The page that is being fetched from; null when code is only looked for. */
  private fetched: bigint | null = null;

  constructor(private readonly parts: LookupParts) {
    this.hot = new HotCode(parts.sampling);
  }

  private get rip(): bigint {
    return this.parts.state.get64("rip");
  }

  /** Linear address of the next instruction. */
  get linearRip(): bigint {
    return linearOf(this.context, this.rip);
  }

  /** Linear address of the page behind the one that RIP is on. */
  get nextPage(): bigint {
    return linearOf(this.context, this.rip - (this.linearRip & 0xfffn) + 4096n);
  }

  /** What code at RIP depends on. */
  get context(): CodeContext {
    const { state } = this.parts;
    return { mode: state.get32("codeMode"), base: state.low("codeBase"), limit: state.get32("codeLimit") };
  }

  /** A translation of what is at RIP, at least of the tier; null when it cannot be fetched. */
  translation(tier: Tier): Translation | null {
    const { context, rip } = this;
    this.fetched = linearOf(context, rip) & ~0xfffn;
    return this.parts.cache.find(this.source, context, rip, tier, this.targets);
  }

  /** A translation of the block at RIP that is there already, and can stop before each of its blocks. */
  knownBlock(): Translation | null {
    const { context, rip } = this;
    this.fetched = linearOf(context, rip) & ~0xfffn;
    return this.parts.cache.known(this.source, context, rip);
  }

  /** Whether the block at RIP has been translated before. */
  get isKnown(): boolean {
    return this.parts.cache.isKnown(this.context, this.rip, Tier.first);
  }

  /**
   * What to run for code that the jump cache does not know.
   *
   * @returns a block that is to be interpreted; "known" when the jump cache knows the code now; null when it cannot be
   *   fetched
   */
  next(): Translation | "known" | null {
    const { state, jumps, sampling } = this.parts;
    const hot = this.hot.isHot(this.rip);
    const found = this.translation(hot ? Tier.hot : sampling.cold === 0 ? Tier.cold : Tier.first);
    if (found?.tier === Tier.first && found.runs++ < sampling.cold) {
      return found;
    }
    const translation = found?.tier === Tier.first ? this.translation(Tier.cold) : found;
    if (translation === null) {
      return null;
    }
    jumps.fill(state.low("rip"), state.high("rip"), translation.index);
    return "known";
  }

  /** Notes where the processor is; a place that is hot gets a larger translation, and so does the region it is in. */
  sample(translation: Translation | null): void {
    const { rip } = this;
    if (translation?.tier === Tier.hot || !this.hot.found(rip)) {
      return;
    }
    this.heat(rip);
    if (translation !== null) {
      this.heat(translation.rip);
    }
  }

  private heat(entry: bigint): void {
    if (!this.hot.heat(entry)) {
      return;
    }
    const { state, cache, jumps } = this.parts;
    this.branches.collect(state);
    // When the code cannot be fetched just now, it is found hot when it next runs.
    this.fetched = null;
    const translation = cache.find(this.source, this.context, entry, Tier.hot, this.targets);
    if (translation !== null) {
      this.hot.cover(blocksOf(translation));
      const [low, high] = [Number(entry & 0xffffffffn) | 0, Number(entry >> 32n) | 0];
      jumps.fill(low, high, translation.index);
    }
  }

  private readonly targets = (from: bigint): readonly bigint[] => this.branches.targets(from);

  /** The page of code at a linear address, as it may be fetched now. */
  private readonly source: CodeSource = (page) => {
    const { state, mmu, access, ram } = this.parts;
    const low = Number(page & 0xffffffffn) | 0;
    const high = Number(page >> 32n) | 0;
    // Only the page of the instruction that comes next is known to be fetched. Others count when they have been before.
    mmu.lookingAhead = page !== this.fetched;
    const found = isCanonicalHigh(high, state.low("cr4")) && mmu.translate(low, high, Access.execute);
    mmu.lookingAhead = false;
    if (!found) {
      return null;
    }
    const { hpa } = mmu;
    // Outside RAM nothing answers: fetches give ones.
    return access.isRam(hpa)
      ? { bytes: ram.subarray(hpa, hpa + 4096), frame: hpa >>> 12 }
      : { bytes: new Uint8Array(4096).fill(0xff), frame: ram.length >>> 12 };
  };
}

/** Where the blocks of a translation start: each can stop there for want of instructions. */
function blocksOf({ sites }: Translation): bigint[] {
  return sites.filter(({ cause }) => cause.kind === "limit").map(({ rip }) => rip);
}
