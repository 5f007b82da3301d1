import type { CodeCache } from "./code-cache";
import type { CodeLookup } from "./code-lookup";
import { stepWatched } from "./interrupt/single-step";
import type { Processor, RunStop } from "./processor";
import { fetchFault, stopAt } from "./stops";
import { MAX_BLOCK } from "./translate/discover";
import { Status } from "./translate/dispatcher";
import type { Runtime } from "./translate/runtime";
import { Tier, type Translation } from "./translation";

/** Cuts, and accesses to devices, that are remembered. */
const MAX_CUTS = 256;

/** Runs translated code on a processor, for exactly as many instructions as it may. */
export class CodeRunner {
  /** Where limits have cut blocks in two that have not gone on yet. */
  private readonly cutAt = new Set<bigint>();
  /** Where instructions have reached devices. */
  private readonly deviceAt = new Set<bigint>();

  /** @param interval instructions between two samples of where the processor is */
  constructor(
    private readonly p: Processor,
    private readonly cache: CodeCache,
    private readonly lookup: CodeLookup,
    private readonly runtime: Runtime,
    private readonly interval: number,
  ) {}

  /** Runs until something needs attention, at most `most` instructions. */
  run(most: number): RunStop | null {
    const { p } = this;
    const { state } = p;
    const given = Math.min(most, this.interval);
    state.set32("left", given);
    const status = this.runtime.run(state.base);
    const left = state.getI32("left");
    p.retired += given - left;
    switch (status) {
      case Status.miss:
        return this.findCode(most - (given - left));
      case Status.limit:
        this.lookup.sample(null);
        return null;
      default: {
        const translation = this.cache.at(state.get32("region"));
        const site = translation.sites[state.get32("site")];
        const stop = stopAt(p, site);
        if (stop !== "limit") {
          return stop;
        }
        this.lookup.sample(translation);
        // A block has more instructions than may run. At the end of all, or where nothing ran, they go one by one.
        const rest = left + site.uncount;
        return given === most || rest === given ? this.finishExactly(rest) : null;
      }
    }
  }

  /** Runs one instruction, or one repetition of a string instruction, from a translation of its own. */
  stepOnce(): RunStop | null {
    const { p } = this;
    const { state } = p;
    const translation = this.lookup.translation(Tier.step);
    if (translation === null) {
      return fetchFault(p, this.lookup.linearRip);
    }
    state.set32("left", 1);
    const status = this.cache.run(translation, state.base);
    p.retired += 1 - state.getI32("left");
    if (status === Status.continue) {
      return null;
    }
    const stop = stopAt(p, translation.sites[state.get32("site")]);
    return stop === "limit" ? null : stop;
  }

  /** What follows an access to a device, of the instruction at `rip`, gets a translation of its own the next time. */
  goOnBehindDevice(rip: bigint): null {
    if (this.deviceAt.has(rip)) {
      return null;
    }
    if (this.deviceAt.size >= MAX_CUTS) {
      this.deviceAt.clear();
    }
    this.deviceAt.add(rip);
    return this.cut();
  }

  /**
   * Goes on with code that the jump cache does not know: interprets a block that has hardly ever run, else makes the jump
   * cache know the code. At most `most` instructions retire.
   */
  private findCode(most: number): RunStop | null {
    if (this.cutAt.delete(this.p.rip) && !this.lookup.isKnown) {
      return this.finishBlock(most);
    }
    const next = this.lookup.next();
    switch (next) {
      case "known":
        return null;
      case null:
        return fetchFault(this.p, this.lookup.linearRip);
      default:
        return this.interpret(next, most);
    }
  }

  /** Runs a block that is interpreted, or as much of it as may run. */
  private interpret(block: Translation, most: number): RunStop | null {
    const end = this.p.retired + most;
    const stop = this.runAlone(block, Math.min(most, this.interval));
    if (stop !== "limit") {
      return stop;
    }
    return most <= this.interval ? this.finishExactly(end - this.p.retired) : null;
  }

  /** Runs exactly `count` instructions: by blocks as long as such are there, the last ones one at a time. */
  private finishExactly(count: number): RunStop | null {
    const { p } = this;
    const end = p.retired + count;
    let byBlocks = true;
    while (p.retired < end) {
      const before = p.retired;
      const block: Translation | null = byBlocks && !this.watches() ? this.lookup.knownBlock() : null;
      const stop = block === null ? this.step() : this.runAlone(block, end - before);
      if (stop !== null && stop !== "limit") {
        return stop;
      }
      byBlocks = block === null || p.retired > before;
      if (byBlocks && p.isCalled) {
        break;
      }
    }
    return this.cut();
  }

  /**
   * Goes on from where a limit has cut a block in two, to where the next one starts. Every slice of time ends somewhere
   * else: translating from each such place would translate the same code again and again.
   */
  private finishBlock(most: number): RunStop | null {
    const { p } = this;
    const end = p.retired + Math.min(most, MAX_BLOCK);
    while (p.retired < end && !this.lookup.isKnown) {
      const stop = this.step();
      if (stop !== null || p.isCalled) {
        return stop;
      }
    }
    return null;
  }

  /** Runs a translation by itself, at most `most` instructions of it; "limit" when it has stopped for want of more. */
  private runAlone(translation: Translation, most: number): RunStop | "limit" | null {
    const { p } = this;
    const { state } = p;
    p.meetBoundary();
    state.set32("left", most);
    const status = this.cache.run(translation, state.base);
    p.retired += most - state.getI32("left");
    return status === Status.continue ? null : stopAt(p, translation.sites[state.get32("site")]);
  }

  private step(): RunStop | null {
    this.p.meetBoundary();
    return this.watches() ? stepWatched(this.p) : this.stepOnce();
  }

  /** Whether debug exceptions may come. Where not, breakpoints are not looked for. */
  private watches(): boolean {
    const { p } = this;
    if (!p.isWatched) {
      p.access.breakpoints = null;
      return false;
    }
    return true;
  }

  /** Notes that the block goes on at RIP. */
  private cut(): null {
    if (this.cutAt.size >= MAX_CUTS) {
      this.cutAt.clear();
    }
    this.cutAt.add(this.p.rip);
    return null;
  }
}
