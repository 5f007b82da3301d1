import type { Site } from "./ir";
import { type CodeContext, linearOf, sameContext } from "./translate/code-context";
import {
  type CodePage,
  type CodeSource,
  type DecodedRegion,
  discover,
  type Experience,
  MAX_BLOCK,
  NO_EXPERIENCE,
  type Scope,
} from "./translate/discover";
import { Status } from "./translate/dispatcher";
import { type Range, rangesOf } from "./translate/ranges";
import { compileRegions, type RegionFunction, translateRegion } from "./translate/region";
import type { Miss } from "./translate/runtime";

/** How much work a translation is worth. */
export const Tier = {
  /** One instruction, for stops at an exact place. */
  step: 0,
  /** Seen for the first time. */
  cold: 1,
  /** Found running often: larger, with TLB lookups in place. */
  hot: 2,
} as const;
export type Tier = (typeof Tier)[keyof typeof Tier];

/** How far a translation of each tier goes, and how many regions are translated along with it. */
const scopes: readonly (Scope & { alongside: number })[] = [
  { instructions: 1, block: 1, pages: 1, alongside: 12 },
  { instructions: 40, block: MAX_BLOCK, pages: 1, alongside: 1 },
  { instructions: 500, block: MAX_BLOCK, pages: 6, alongside: 0 },
];

/** Where the indirect jump or call at an instruction pointer has gone, most often first. */
export type IndirectTargets = Experience["targets"];

/** A region's function, and the bytes it was made from: it is valid wherever exactly those stand at its addresses. */
export interface Translation {
  context: CodeContext;
  rip: bigint;
  tier: Tier;
  /** Index in the function table. */
  index: number;
  sites: readonly Site[];
  /** Linear addresses of the pages it lies on. */
  pages: readonly bigint[];
  ranges: readonly Range[];
  /** Pages that its instructions go on to, which could not be fetched: when they can be, there is more to translate. */
  missing: readonly bigint[];
  /** For which frames of those pages its bytes are known to stand there now; the most recent few. */
  valid: number[][];
  /** Frames and pages that `marks` has it for: frame * MARK_PAGES + page. */
  readonly marked: Set<number>;
}

/** More than the pages that a translation can lie on: it has fewer instructions. */
const MARK_PAGES = 1024;
/** Sets of frames that a translation is known to be valid for. */
const MAX_VALID = 8;
/** Translations of one address, of different bytes, that are kept. */
const MAX_SIBLINGS = 16;

/** Part of a frame that translations were made from. */
interface Mark {
  translation: Translation;
  start: number;
  end: number;
}

/** Translations are found by the low bits of their linear address, which fit in a number. */
const keyOf = (context: CodeContext, rip: bigint): number => Number(BigInt.asUintN(53, linearOf(context, rip)));

/** Translations that are kept before all are dropped and made anew, and parts of frames that are remembered for them. */
const MAX_TRANSLATIONS = 4096;
const MAX_MARKS = 65_536;

/**
 * The translations of a machine. They are found by address and checked by content, so code that comes back, at the same
 * address with the same bytes, is never translated twice, whichever pages hold it.
 */
export class CodeCache {
  private readonly byAddress = new Map<number, Translation[]>();
  private readonly byIndex: (Translation | undefined)[] = [undefined];
  private readonly marks = new Map<number, Mark[]>();
  private markCount = 0;
  /** Not 0 for frames that hold translated code. */
  private readonly isCodeFrame: Uint8Array;
  private readonly functions: (RegionFunction | undefined)[] = [undefined];
  /** Translations made since the machine was made. */
  made = 0;
  /** Times that code changed which translations were made from. */
  changes = 0;
  /** Modules that they were compiled in: what takes time. */
  modules = 0;

  /**
   * @param table where the dispatcher finds region functions
   * @param miss the slow path of memory accesses, which translations import
   * @param frames number of frames of RAM
   * @param protect told of a frame that starts to hold code: stores there must be looked at
   * @param dropped told when translations are no longer valid: jump caches must be emptied
   */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly table: WebAssembly.Table,
    private readonly miss: Miss,
    frames: number,
    private readonly protect: (frame: number) => void,
    private readonly dropped: () => void,
  ) {
    this.isCodeFrame = new Uint8Array(frames + 1);
  }

  /** Parts of frames that are remembered for translations: a measure of what the cache takes. */
  get size(): number {
    return this.markCount;
  }

  /** The translation at a table index. */
  at(index: number): Translation {
    const translation = this.byIndex[index];
    if (translation === undefined) {
      throw new RangeError(`no translation has index ${index}`);
    }
    return translation;
  }

  /** Runs a translation by itself; gives its Status. */
  run(translation: Translation, cpu: number): number {
    return this.functions[translation.index]?.(cpu) ?? Status.miss;
  }

  /**
   * A valid translation for `rip`, at least of the tier (a step exactly); null when the code there cannot be fetched.
   *
   * @param targets where indirect jumps and calls have gone: for hot code
   */
  find(
    source: CodeSource,
    context: CodeContext,
    rip: bigint,
    tier: Tier,
    targets: IndirectTargets,
  ): Translation | null {
    if (this.markCount > MAX_MARKS) {
      this.clear();
    }
    let best: Translation | null = null;
    for (const candidate of this.byAddress.get(keyOf(context, rip)) ?? []) {
      const fits = tier === Tier.step ? candidate.tier === tier : candidate.tier >= tier;
      if (
        fits &&
        candidate.rip === rip &&
        sameContext(candidate.context, context) &&
        (best === null || candidate.tier > best.tier) &&
        this.validate(candidate, source)
      ) {
        best = candidate;
      }
    }
    return best ?? this.translate(source, context, rip, tier, targets);
  }

  /** A valid translation of exactly this tier that is there already; null when there is none. */
  known(source: CodeSource, context: CodeContext, rip: bigint, tier: Tier): Translation | null {
    const known = this.byAddress.get(keyOf(context, rip)) ?? [];
    const fitting = known.find(
      (other) => other.tier === tier && other.rip === rip && sameContext(other.context, context),
    );
    return fitting !== undefined && this.validate(fitting, source) ? fitting : null;
  }

  /** Whether the frame holds translated code. */
  isCode(frame: number): boolean {
    return this.isCodeFrame[frame] !== 0;
  }

  /** Whether bytes of RAM are part of a translation. */
  overlaps(hpa: number, length: number): boolean {
    return this.marksIn(hpa, length).length > 0;
  }

  /** Drops what was translated from bytes of RAM that change. */
  invalidate(hpa: number, length: number): void {
    const last = (hpa + length - 1) >>> 12;
    for (let frame = hpa >>> 12; frame <= last; frame++) {
      if (this.isCodeFrame[frame] !== 0) {
        this.invalidateFrame(frame, hpa, length);
      }
    }
  }

  private invalidateFrame(frame: number, hpa: number, length: number): void {
    const hit = new Set(this.marksIn(hpa, length).map((mark) => mark.translation));
    if (hit.size === 0) {
      return;
    }
    for (const translation of hit) {
      translation.valid = translation.valid.filter((frames) => !frames.includes(frame));
    }
    this.unmark(frame, hit);
    this.changes++;
    this.dropped();
  }

  /** Takes the marks of translations off a frame. */
  private unmark(frame: number, gone: ReadonlySet<Translation>): void {
    const marks = this.marks.get(frame) ?? [];
    const rest = marks.filter((mark) => !gone.has(mark.translation));
    this.markCount -= marks.length - rest.length;
    for (const { marked, pages } of gone) {
      for (let page = 0; page < pages.length; page++) {
        marked.delete(frame * MARK_PAGES + page);
      }
    }
    if (rest.length > 0) {
      this.marks.set(frame, rest);
    } else {
      this.marks.delete(frame);
      this.isCodeFrame[frame] = 0;
    }
  }

  private marksIn(hpa: number, length: number): Mark[] {
    const found: Mark[] = [];
    const last = (hpa + length - 1) >>> 12;
    for (let frame = hpa >>> 12; frame <= last; frame++) {
      const start = hpa - frame * 4096;
      for (const mark of this.marks.get(frame) ?? []) {
        if (mark.start < start + length && start < mark.end) {
          found.push(mark);
        }
      }
    }
    return found;
  }

  /** Whether a translation's bytes stand at its addresses now. */
  private validate(translation: Translation, source: CodeSource): boolean {
    const pages: CodePage[] = [];
    for (const address of translation.pages) {
      const page = source(address);
      if (page === null) {
        return false;
      }
      pages.push(page);
    }
    if (translation.missing.some((address) => source(address) !== null)) {
      return false;
    }
    const known = translation.valid.some((frames) => frames.every((frame, at) => frame === pages[at].frame));
    if (known) {
      return true;
    }
    for (const { page, start, bytes } of translation.ranges) {
      const now = pages[page].bytes;
      for (let at = 0; at < bytes.length; at++) {
        if (now[start + at] !== bytes[at]) {
          return false;
        }
      }
    }
    this.mark(
      translation,
      pages.map((page) => page.frame),
    );
    return true;
  }

  /** Records that a translation stands in these frames, and has stores to them looked at. */
  private mark(translation: Translation, frames: number[]): void {
    const { valid, marked } = translation;
    if (valid.push(frames) > MAX_VALID) {
      valid.shift();
    }
    const known = frames.map((frame, page) => marked.has(frame * MARK_PAGES + page));
    for (const { page, start, bytes } of translation.ranges) {
      if (known[page]) {
        continue;
      }
      const frame = frames[page];
      marked.add(frame * MARK_PAGES + page);
      this.markCount++;
      const marks = this.marks.get(frame) ?? [];
      marks.push({ translation, start, end: start + bytes.length });
      this.marks.set(frame, marks);
      if (this.isCodeFrame[frame] === 0) {
        this.isCodeFrame[frame] = 1;
        this.protect(frame);
      }
    }
  }

  /** Makes room among the translations of one address: for code that is written anew again and again. */
  private forgetOne(siblings: Translation[]): void {
    const stale = siblings.findIndex(({ valid }) => valid.length === 0);
    const [translation] = siblings.splice(Math.max(0, stale), 1);
    const { index, marked } = translation;
    const frames = new Set([...marked].map((mark) => Math.floor(mark / MARK_PAGES)));
    for (const frame of frames) {
      this.unmark(frame, new Set([translation]));
    }
    this.byIndex[index] = undefined;
    this.functions[index] = undefined;
    this.table.set(index, null);
    this.dropped();
  }

  /** Translates the region at `rip`, and with it those where control is likely to go next. */
  private translate(
    source: CodeSource,
    context: CodeContext,
    rip: bigint,
    tier: Tier,
    targets: IndirectTargets,
  ): Translation | null {
    const regions = this.regionsFrom(source, context, rip, tier, targets);
    if (regions.length === 0) {
      return null;
    }
    if (this.byIndex.length + regions.length > MAX_TRANSLATIONS) {
      this.clear();
    }
    const first = this.byIndex.length;
    const codes = regions.map((region, at) => translateRegion(region, first + at, tier === Tier.hot));
    const compiled = compileRegions(codes, this.memory, this.miss);
    this.modules++;
    regions.forEach((region, at) => {
      this.add(region, tier, codes[at].sites, compiled[at]);
      freeInstructions(region);
    });
    return this.at(first);
  }

  private regionsFrom(
    source: CodeSource,
    context: CodeContext,
    rip: bigint,
    tier: Tier,
    targets: IndirectTargets,
  ): DecodedRegion[] {
    const regions: DecodedRegion[] = [];
    const { alongside, ...scope } = scopes[tier];
    const queue = [rip];
    // Hot code takes in the functions that it calls and that have run before.
    const experience: Experience =
      tier === Tier.hot ? { follows: (target) => this.isKnown(context, target, tier), targets } : NO_EXPERIENCE;
    for (let at = 0; at < queue.length && regions.length <= alongside; at++) {
      if (at > 0 && (this.isKnown(context, queue[at], tier) || queue.indexOf(queue[at]) < at)) {
        continue;
      }
      const region = discover(source, context, queue[at], scope, experience);
      if (region !== null) {
        regions.push(region);
        queue.push(...region.continuations);
      } else if (at === 0) {
        break;
      }
    }
    return regions;
  }

  /** Whether an address has been translated: for a step by itself, otherwise as the start of a region. */
  isKnown(context: CodeContext, rip: bigint, tier: Tier): boolean {
    const known = this.byAddress.get(keyOf(context, rip)) ?? [];
    return known.some(
      (other) => (other.tier === Tier.step) === (tier === Tier.step) && sameContext(other.context, context),
    );
  }

  private add(region: DecodedRegion, tier: Tier, sites: readonly Site[], run: RegionFunction): void {
    const index = this.byIndex.length;
    if (index >= this.table.length) {
      this.table.grow(this.table.length);
    }
    this.table.set(index, run);
    this.functions[index] = run;
    const { context, entry: rip } = region;
    const pages = region.pages.map((page) => page.address);
    const { missing } = region;
    const translation: Translation = {
      context,
      rip,
      tier,
      index,
      sites,
      pages,
      ranges: rangesOf(region),
      missing,
      valid: [],
      marked: new Set(),
    };
    this.byIndex.push(translation);
    const key = keyOf(context, rip);
    const siblings = this.byAddress.get(key);
    if (siblings) {
      if (siblings.push(translation) > MAX_SIBLINGS) {
        this.forgetOne(siblings);
      }
    } else {
      this.byAddress.set(key, [translation]);
    }
    this.mark(
      translation,
      region.pages.map((page) => page.frame),
    );
    this.made++;
  }

  /** Drops everything: the cache is full. */
  private clear(): void {
    this.byAddress.clear();
    this.byIndex.length = 1;
    this.functions.length = 1;
    this.marks.clear();
    this.markCount = 0;
    this.isCodeFrame.fill(0);
    for (let index = 0; index < this.table.length; index++) {
      this.table.set(index, null);
    }
    this.dropped();
  }
}

function freeInstructions(region: DecodedRegion): void {
  for (const block of region.blocks.values()) {
    for (const { instruction } of block.instructions) {
      instruction?.free();
    }
  }
}
