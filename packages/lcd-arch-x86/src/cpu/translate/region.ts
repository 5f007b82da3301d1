import { type IrBlock, REGISTER_COUNT, Register, registerType, type Site, type Statement, type ValueType } from "../ir";
import { registerOffset } from "../register-offset";
import { BRANCHES, StateOffset } from "../state";
import { type CutEdges, edgeKey, type Structure } from "./cfg";
import type { DecodedRegion } from "./discover";
import { Status } from "./dispatcher";
import { FunctionEmitter, type Label, Local } from "./emit";
import { type LiftedRegion, liftRegion, limitSite } from "./lift-region";
import { linkRuntime, type Miss, missImport, regionType } from "./runtime";
import { noRegisters, type RegisterUse, registerUse, schedule } from "./schedule";
import { findSpans, NO_SPANS } from "./spans";
import { encodeModule, type FunctionBody, Wasm } from "./wasm";

/** A region as WebAssembly, before it is compiled, with what a processor needs to go on from its stops. */
export interface RegionCode {
  body: FunctionBody;
  /** Runtime functions that it calls. */
  called: readonly string[];
  /** Puts in the indexes of the functions that it calls. */
  resolveCalls(indexOf: (name: string) => number): void;
  /** What of the region it is the code of. */
  region: DecodedRegion;
  sites: Site[];
  /** The region's blocks as they were lifted, for whoever wants to look at them. */
  blocks: IrBlock[];
}

/**
 * The work behind which no block of hot code begins: 500 instructions of which each tenth accesses memory are as much, and
 * a hundred shifts by CL.
 */
const MOST_WORK = 5000;

/** A compiled region: runs from its entry until control leaves it, on the processor whose state is at `cpu`. */
export type RegionFunction = (cpu: number) => number;

/** Instructions that move a virtual register from and to its place in the state. */
const moves: Readonly<Record<ValueType, { load: number; store: number }>> = {
  i32: { load: Wasm.i32Load, store: Wasm.i32Store },
  i64: { load: Wasm.i64Load, store: Wasm.i64Store },
  f32: { load: Wasm.f32Load, store: Wasm.f32Store },
  f64: { load: Wasm.f64Load, store: Wasm.f64Store },
  v128: { load: Wasm.v128Load, store: Wasm.v128Store },
};

/** Places that are compared one after another. */
const LINEAR_SEARCH = 3;

/** Bytes of a pair in `branches`. */
const BRANCH_PAIR = 16;

const hasPlainArithmetic = (statement: Statement): boolean => statement.kind === "guarded" && statement.plain !== null;

/** Turns a region's blocks into one WebAssembly function with structured control flow. */
class RegionEmitter {
  private readonly stop: Label = {};
  private readonly exit: Label = {};
  private readonly emitter: FunctionEmitter;
  private readonly labels = new Map<number, { merge?: Label; loop?: Label }>();
  private readonly ahead: readonly number[];

  private readonly blocks: LiftedRegion["blocks"];
  private readonly successors: LiftedRegion["successors"];
  private readonly shape: Structure;
  private readonly cut: CutEdges;
  private readonly sites: Site[];

  constructor(
    { blocks, successors, shape, cut, sites }: LiftedRegion,
    private readonly byRip: ReadonlyMap<bigint, number>,
    private readonly inline: boolean,
    cpu: number | null,
  ) {
    this.blocks = blocks;
    this.successors = successors;
    this.shape = shape;
    this.cut = cut;
    this.sites = sites;
    this.emitter = new FunctionEmitter(inline, this.stop, cpu);
    this.ahead = this.instructionsAhead();
  }

  emit(index: number): Omit<RegionCode, "region" | "sites" | "blocks"> {
    const e = this.emitter;
    const use = this.registers();
    e.declareVectors(use.read.subarray(Register.xmm).includes(1) || use.written.subarray(Register.xmm).includes(1));
    for (let register = 0; register < REGISTER_COUNT; register++) {
      if (use.read[register] || use.written[register]) {
        e.get(Local.cpu);
        e.memory(moves[registerType(register)].load, registerOffset(register));
        e.setRegister(register);
      }
    }
    e.get(Local.cpu);
    e.memory(Wasm.i32Load, StateOffset.left);
    e.set(Local.left);
    if (this.blocks.some((block) => block?.statements.some(hasPlainArithmetic))) {
      e.plainArithmetic.begin();
    }
    e.open(Wasm.block, this.stop);
    e.open(Wasm.block, this.exit);
    this.tree(0);
    e.close();
    e.get(Local.cpu);
    e.get(Local.rip);
    e.memory(Wasm.i64Store, StateOffset.rip);
    this.writeBack(use.written);
    e.i32(Status.continue);
    e.code.byte(Wasm.return);
    e.close();
    this.storeWord(StateOffset.site, () => e.get(Local.site));
    this.storeWord(StateOffset.region, () => e.i32(index));
    this.writeBack(use.written);
    e.i32(Status.stopped);
    const { locals } = e;
    const unlikely = this.inline ? e.unlikely : [];
    const body = { name: `region${index}`, type: regionType, locals, code: e.code, unlikely };
    return { body, called: e.called, resolveCalls: (indexOf) => e.resolveCalls(indexOf) };
  }

  private registers(): RegisterUse {
    const use = noRegisters();
    for (const block of this.blocks) {
      if (block) {
        registerUse(block.statements, use);
      }
    }
    return use;
  }

  private writeBack(written: Uint8Array): void {
    const e = this.emitter;
    for (let register = 0; register < REGISTER_COUNT; register++) {
      if (written[register]) {
        e.get(Local.cpu);
        e.getRegister(register);
        e.memory(moves[registerType(register)].store, registerOffset(register));
      }
    }
    this.storeWord(StateOffset.left, () => e.get(Local.left));
  }

  private storeWord(offset: number, push: () => void): void {
    this.emitter.get(Local.cpu);
    push();
    this.emitter.memory(Wasm.i32Store, offset);
  }

  /** A block and all that it dominates (Ramsey, "Beyond Relooper", 2022). */
  private tree(block: number): void {
    const merges = this.shape.children[block].filter((child) => this.shape.isMerge[child]);
    if (!this.shape.isLoopHeader[block]) {
      this.within(block, merges);
      return;
    }
    const loop: Label = {};
    this.labels.set(block, { ...this.labels.get(block), loop });
    this.emitter.open(Wasm.loop, loop);
    this.within(block, merges);
    this.emitter.close();
  }

  /** The block's own code, inside a label for each merge point that it dominates; the last in order is outermost. */
  private within(block: number, merges: readonly number[]): void {
    if (merges.length === 0) {
      this.block(block);
      return;
    }
    const last = merges[merges.length - 1];
    const label: Label = {};
    this.labels.set(last, { ...this.labels.get(last), merge: label });
    this.emitter.open(Wasm.block, label);
    this.within(block, merges.slice(0, -1));
    this.emitter.close();
    this.tree(last);
  }

  private block(index: number): void {
    const block = this.blocks[index];
    if (block === undefined) {
      throw new Error(`block ${index} was not lifted`);
    }
    const e = this.emitter;
    e.beginBlock(this.inline ? findSpans(block.statements) : NO_SPANS);
    this.sites.push(limitSite(block));
    this.countDown(index, block.count);
    e.statements(block.statements);
    const { terminator } = block;
    switch (terminator.kind) {
      case "jump":
        this.goTo(index, terminator.target);
        break;
      case "branch":
        e.value(terminator.condition);
        e.open(Wasm.if, {});
        this.goTo(index, terminator.taken);
        e.close();
        this.goTo(index, terminator.next);
        break;
      case "indirect":
        e.value(terminator.target);
        e.set(Local.rip);
        this.guess(index);
        if (terminator.from !== null) {
          this.remember(terminator.from);
        }
        e.branch(this.exit);
        break;
      case "stop":
        e.setSite(terminator.site);
        e.branch(this.stop);
        break;
    }
  }

  /**
   * Takes a block's instructions from those left. Cold code looks at each block whether there are enough. Hot code looks at
   * the entry and at the start of each loop, for all that may run until it looks again.
   */
  private countDown(index: number, count: number): void {
    const e = this.emitter;
    const site = this.sites.length - 1;
    if (!this.inline) {
      e.takeFromLeft(count);
      e.stopIfLeftBelow(0, site);
      return;
    }
    if (index === 0 || this.shape.isLoopHeader[index]) {
      this.sites[site].uncount = 0;
      e.stopIfLeftBelow(this.ahead[index], site);
    }
    e.takeFromLeft(count);
    e.reserve = this.ahead[index] - count;
  }

  /** For each block, the most instructions from its start until the next look at how many are left. */
  private instructionsAhead(): number[] {
    const ahead = this.blocks.map(() => 0);
    for (const block of [...this.shape.order].reverse()) {
      let most = 0;
      for (const to of this.successors[block]) {
        const isForward = this.shape.index[to] > this.shape.index[block];
        if (isForward && !this.shape.isLoopHeader[to] && !this.cut.has(edgeKey(block, to))) {
          most = Math.max(most, ahead[to]);
        }
      }
      ahead[block] = (this.blocks[block]?.count ?? 0) + most;
    }
    return ahead;
  }

  /** A jump to a computed place, in the local `rip`, goes on in the region when that is one of the block's successors. */
  private guess(from: number): void {
    const places: { rip: bigint; unsigned: bigint }[] = [];
    for (const to of this.successors[from]) {
      const rip = this.blocks[to]?.rip;
      if (rip !== undefined && !this.cut.has(edgeKey(from, to))) {
        places.push({ rip, unsigned: BigInt.asUintN(64, rip) });
      }
    }
    if (places.length > LINEAR_SEARCH) {
      places.sort((a, b) => (a.unsigned < b.unsigned ? -1 : 1));
    }
    this.guessAmong(
      from,
      places.map(({ rip }) => rip),
    );
  }

  /** Few are tried one after another, most likely first; of more, sorted ones, one half is ruled out at a time. */
  private guessAmong(from: number, rips: readonly bigint[]): void {
    const e = this.emitter;
    if (rips.length > LINEAR_SEARCH) {
      const middle = rips.length >> 1;
      e.get(Local.rip);
      e.i64(rips[middle]);
      e.code.byte(Wasm.i64LtU);
      e.open(Wasm.if, {});
      this.guessAmong(from, rips.slice(0, middle));
      e.code.byte(Wasm.else);
      this.guessAmong(from, rips.slice(middle));
      e.close();
      return;
    }
    for (const rip of rips) {
      e.get(Local.rip);
      e.i64(rip);
      e.code.byte(Wasm.i64Eq);
      e.open(Wasm.if, {});
      this.goTo(from, rip);
      e.close();
    }
  }

  /** Notes that the jump or call at `from` goes to the place in the local `rip`: `indirect-branches.ts` reads it. */
  private remember(from: bigint): void {
    const e = this.emitter;
    const next = (): void => {
      e.get(Local.cpu);
      e.memory(Wasm.i32Load, StateOffset.branchNext);
    };
    e.get(Local.cpu);
    next();
    e.code.byte(Wasm.i32Add);
    e.tee(Local.entry);
    e.i64(from);
    e.memory(Wasm.i64Store, StateOffset.branches);
    e.get(Local.entry);
    e.get(Local.rip);
    e.memory(Wasm.i64Store, StateOffset.branches + 8);
    this.storeWord(StateOffset.branchNext, () => {
      next();
      e.i32(BRANCH_PAIR);
      e.code.byte(Wasm.i32Add);
      e.i32(BRANCHES * BRANCH_PAIR - 1);
      e.code.byte(Wasm.i32And);
    });
  }

  private goTo(from: number, target: bigint): void {
    const to = this.byRip.get(target);
    const e = this.emitter;
    // A call to a block of the region is no edge of its graph.
    if (to === undefined || !this.successors[from].includes(to) || this.cut.has(edgeKey(from, to))) {
      e.i64(target);
      e.set(Local.rip);
      e.branch(this.exit);
      return;
    }
    const { loop, merge } = this.labels.get(to) ?? {};
    if (this.shape.index[to] <= this.shape.index[from]) {
      if (loop === undefined) {
        throw new Error(`block ${to} is no loop header`);
      }
      e.branch(loop);
    } else if (merge) {
      e.branch(merge);
    } else {
      this.tree(to);
    }
  }
}

/**
 * Lifts and translates a region.
 *
 * @param index table index that the function will have; stops report it
 * @param inline look memory up in place: larger and faster code
 * @param cpu where the state is of the only processor that will run it; null: any may
 */
export function translateRegion(
  region: DecodedRegion,
  index: number,
  inline = false,
  cpu: number | null = null,
): RegionCode {
  const lifted = liftRegion(region, inline ? MOST_WORK : Number.POSITIVE_INFINITY);
  const { blocks, shape, sites } = lifted;
  for (const block of blocks) {
    if (block) {
      schedule(block.statements, block.terminator);
    }
  }
  const byRip = new Map<bigint, number>();
  blocks.forEach((block, number) => {
    if (block) {
      byRip.set(block.rip, number);
    }
  });
  const emitter = new RegionEmitter(lifted, byRip, inline, cpu);
  return {
    ...emitter.emit(index),
    region: lifted.region,
    sites,
    blocks: shape.order.flatMap((number) => blocks[number] ?? []),
  };
}

/** Regions that were compiled together: a function for each, in order. */
export interface CompiledRegions {
  readonly functions: readonly RegionFunction[];
  /** Bytes of WebAssembly. */
  readonly size: number;
}

/** Compiles regions into one module, which costs little more than one region alone. */
export function compileRegions(codes: readonly RegionCode[], memory: WebAssembly.Memory, miss: Miss): CompiledRegions {
  const called = new Set(codes.flatMap((code) => code.called));
  const { bodies, indexOf } = linkRuntime(called, 1 + codes.length);
  for (const code of codes) {
    code.resolveCalls(indexOf);
  }
  const functions = [...codes.map(({ body }) => body), ...bodies];
  const bytes = encodeModule({ imports: [missImport], functions, exported: codes.length });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, miss } });
  return { functions: codes.map(({ body }) => instance.exports[body.name] as RegionFunction), size: bytes.length };
}
