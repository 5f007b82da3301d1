import { CodeMarks } from "./code-marks";
import type { Bytecode } from "./interpret/encode";
import type { Interpreter } from "./interpret/index";
import { regionsFrom } from "./region-scope";
import { type CodeContext, sameContext } from "./translate/code-context";
import {
  type CodePage,
  type CodeSource,
  type DecodedRegion,
  type Experience,
  prepareDecoder,
} from "./translate/discover";
import { Status } from "./translate/dispatcher";
import { rangesOf } from "./translate/ranges";
import { compileRegions, type RegionFunction, translateRegion } from "./translate/region";
import type { Miss } from "./translate/runtime";
import { keyOf, Tier, type Translation } from "./translation";

/** Where the indirect jump or call at an instruction pointer has gone, most often first. */
export type IndirectTargets = Experience["targets"];

/** Translations of one address, of different bytes, that are kept. */
const MAX_SIBLINGS = 16;

/**
 * Compiled translations that are kept before all are dropped and made anew, bytes of WebAssembly that they may have (the
 * engine makes some times as much machine code of them), and parts of frames that are remembered for translations.
 */
const MAX_TRANSLATIONS = 4096;
const MAX_COMPILED = 48 << 20;
const MAX_MARKS = 65_536;

/**
 * Bytes of interpreted translations that are kept, of which what has been there longest goes first, and about what one
 * takes besides its bytecode.
 */
const MAX_INTERPRETED = 16 << 20;
const INTERPRETED_SIZE = 2048;

/** What making a translation costs, in units of interpreting a block once. */
const COMPILING = 8;

/**
 * The translations of a machine. They are found by address and checked by content, so code that comes back, at the same
 * address with the same bytes, is never translated twice, whichever pages hold it.
 */
export class CodeCache {
  private readonly byAddress = new Map<number, Translation[]>();
  private readonly byIndex: (Translation | undefined)[] = [undefined];
  private readonly marks: CodeMarks;
  /** Interpreted ones, oldest first, and the bytes that they take. */
  private readonly interpreted = new Set<Translation>();
  private interpretedSize = 0;
  /** Bytes of WebAssembly that have been compiled since all was dropped. */
  private compiled = 0;
  private readonly functions: (RegionFunction | undefined)[] = [undefined];
  /** Translations made since the machine was made. */
  made = 0;
  /** Times that code changed which translations were made from. */
  changes = 0;
  /** A measure of the time that making them has taken. */
  effort = 0;

  /**
   * @internal
   * @param table where the dispatcher finds region functions
   * @param miss the slow path of memory accesses, which translations import
   * @param frames number of frames of RAM
   * @param protect told of a frame that starts to hold code: stores there must be looked at
   * @param dropped told when translations are no longer valid: jump caches must be emptied
   * @param cpu where the state of the machine's only processor is; null: it has several
   */
  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly table: WebAssembly.Table,
    private readonly miss: Miss,
    private readonly interpreter: Interpreter,
    frames: number,
    protect: (frame: number) => void,
    private readonly dropped: () => void,
    private readonly cpu: number | null,
  ) {
    this.marks = new CodeMarks(frames, protect);
    prepareDecoder();
  }

  /** Parts of frames that are remembered for translations: a measure of what the cache takes. */
  get size(): number {
    return this.marks.count;
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
    const { bytecode, index } = translation;
    return bytecode === null ? (this.functions[index]?.(cpu) ?? Status.miss) : this.interpreter.run(bytecode, cpu);
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
    if (this.marks.count > MAX_MARKS) {
      this.clear();
    }
    const pages = rememberLast(source);
    let best: Translation | null = null;
    for (const candidate of this.byAddress.get(keyOf(context, rip)) ?? []) {
      const fits = tier === Tier.step ? candidate.tier === tier : candidate.tier >= tier;
      if (
        fits &&
        candidate.rip === rip &&
        sameContext(candidate.context, context) &&
        (best === null || candidate.tier > best.tier) &&
        this.validate(candidate, pages)
      ) {
        best = candidate;
      }
    }
    return best ?? this.translate(pages, context, rip, tier, targets);
  }

  /** A valid translation that is there already and looks before each block how much may run; null when there is none. */
  known(source: CodeSource, context: CodeContext, rip: bigint): Translation | null {
    const known = this.byAddress.get(keyOf(context, rip)) ?? [];
    const fitting = known.find(
      ({ tier, rip: start, context: made }) =>
        (tier === Tier.first || tier === Tier.cold) && start === rip && sameContext(made, context),
    );
    return fitting !== undefined && this.validate(fitting, source) ? fitting : null;
  }

  /** Whether the frame holds translated code. */
  isCode(frame: number): boolean {
    return this.marks.isCode(frame);
  }

  /** Whether bytes of RAM are part of a translation. */
  overlaps(hpa: number, length: number): boolean {
    return this.marks.madeFrom(hpa, length).size > 0;
  }

  /** Drops what was translated from bytes of RAM that change. */
  invalidate(hpa: number, length: number): void {
    const last = (hpa + length - 1) >>> 12;
    for (let frame = hpa >>> 12; frame <= last; frame++) {
      if (this.marks.isCode(frame)) {
        this.invalidateFrame(frame, hpa, length);
      }
    }
  }

  private invalidateFrame(frame: number, hpa: number, length: number): void {
    const hit = this.marks.madeFrom(hpa, length);
    if (hit.size === 0) {
      return;
    }
    for (const translation of hit) {
      translation.valid = translation.valid.filter((frames) => !frames.includes(frame));
    }
    this.marks.removeFrom(frame, hit);
    this.changes++;
    this.dropped();
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
    this.marks.add(
      translation,
      pages.map((page) => page.frame),
    );
    return true;
  }

  /** Makes room among the translations of one address: for code that is written anew, or run in new contexts, for ever. */
  private makeRoom(key: number): void {
    const siblings = this.byAddress.get(key) ?? [];
    if (siblings.length === MAX_SIBLINGS) {
      const stale = siblings.find(({ valid }) => valid.length === 0);
      this.forget(stale ?? siblings[0]);
    }
  }

  private forget(translation: Translation): void {
    const { context, rip, index, bytecode } = translation;
    const key = keyOf(context, rip);
    const rest = (this.byAddress.get(key) ?? []).filter((other) => other !== translation);
    if (rest.length > 0) {
      this.byAddress.set(key, rest);
    } else {
      this.byAddress.delete(key);
    }
    this.marks.remove(translation);
    if (bytecode !== null) {
      this.interpreted.delete(translation);
      this.interpretedSize -= sizeOf(bytecode);
      return;
    }
    this.byIndex[index] = undefined;
    this.functions[index] = undefined;
    this.table.set(index, null);
    this.dropped();
  }

  /** Makes a translation of the code at `rip`: of a step or a first run, bytecode, unless that is too large. */
  private translate(
    source: CodeSource,
    context: CodeContext,
    rip: bigint,
    tier: Tier,
    targets: IndirectTargets,
  ): Translation | null {
    const isKnown = (target: bigint, atLeast: Tier): boolean => this.isKnown(context, target, atLeast);
    const regions = regionsFrom(source, context, rip, tier, { isKnown, targets });
    if (regions.length === 0) {
      return null;
    }
    const prepared = tier <= Tier.first ? this.interpreter.prepare(regions[0]) : null;
    const made =
      prepared === null
        ? this.compile(regions, tier)
        : this.add(regions[0], { tier, index: 0, bytecode: prepared.bytecode, sites: prepared.sites });
    regions.forEach(freeInstructions);
    return made;
  }

  /** Compiles regions; gives the translation of the first. */
  private compile(regions: readonly DecodedRegion[], tier: Tier): Translation {
    if (this.byIndex.length + regions.length > MAX_TRANSLATIONS || this.compiled > MAX_COMPILED) {
      this.clear();
    }
    const first = this.byIndex.length;
    const codes = regions.map((region, at) => translateRegion(region, first + at, tier === Tier.hot, this.cpu));
    const { functions, size } = compileRegions(codes, this.memory, this.miss);
    this.compiled += size;
    this.effort += COMPILING;
    codes.forEach(({ region, sites }, at) => {
      const index = this.register(functions[at]);
      this.byIndex[index] = this.add(region, { tier, index, bytecode: null, sites });
    });
    return this.at(first);
  }

  /** Puts a function into the table; gives its index. */
  private register(run: RegionFunction): number {
    const index = this.byIndex.length;
    if (index >= this.table.length) {
      this.table.grow(this.table.length);
    }
    this.table.set(index, run);
    this.functions[index] = run;
    return index;
  }

  /** Whether a block that starts at an address has been translated, at least of the tier. */
  isKnown(context: CodeContext, rip: bigint, tier: Tier): boolean {
    const known = this.byAddress.get(keyOf(context, rip)) ?? [];
    return known.some((other) => other.tier >= tier && sameContext(other.context, context));
  }

  private add(region: DecodedRegion, parts: Pick<Translation, "tier" | "index" | "bytecode" | "sites">): Translation {
    const { context, entry: rip, missing } = region;
    const { tier, index, bytecode, sites } = parts;
    const translation: Translation = {
      context,
      rip,
      tier,
      index,
      bytecode,
      sites,
      runs: 0,
      pages: region.pages.map((page) => page.address),
      ranges: rangesOf(region),
      missing,
      valid: [],
      marked: new Set(),
    };
    const key = keyOf(context, rip);
    this.makeRoom(key);
    this.byAddress.set(key, [...(this.byAddress.get(key) ?? []), translation]);
    this.marks.add(
      translation,
      region.pages.map((page) => page.frame),
    );
    this.made++;
    this.effort++;
    if (bytecode !== null) {
      this.keepInterpreted(translation, sizeOf(bytecode));
    }
    return translation;
  }

  private keepInterpreted(translation: Translation, size: number): void {
    this.interpreted.add(translation);
    this.interpretedSize += size;
    for (const oldest of this.interpreted) {
      if (this.interpretedSize <= MAX_INTERPRETED) {
        break;
      }
      this.forget(oldest);
    }
  }

  /** Drops everything: the cache is full. */
  private clear(): void {
    this.byAddress.clear();
    this.byIndex.length = 1;
    this.functions.length = 1;
    this.marks.clear();
    this.interpreted.clear();
    this.interpretedSize = 0;
    this.compiled = 0;
    for (let index = 0; index < this.table.length; index++) {
      this.table.set(index, null);
    }
    this.dropped();
  }
}

const sizeOf = ({ code, constants }: Bytecode): number => code.byteLength + constants.byteLength + INTERPRETED_SIZE;

/** Asks a source only once for the page that is asked for again and again. */
function rememberLast(source: CodeSource): CodeSource {
  let last = -1n;
  let page: CodePage | null = null;
  return (address) => {
    if (address !== last) {
      page = source(address);
      last = address;
    }
    return page;
  };
}

function freeInstructions(region: DecodedRegion): void {
  for (const block of region.blocks.values()) {
    for (const { instruction } of block.instructions) {
      instruction?.free();
    }
  }
}
