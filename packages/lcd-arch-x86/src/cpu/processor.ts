import type { PhysicalMemory } from "../machine/physical-memory";
import { Access, isCanonicalHigh, Mmu, type Ram } from "../mmu/index";
import { ExitReason, type VmExitInformation, Vmx, type VmxProcessorPort } from "../vmx/index";
import { calloutAt } from "./callouts";
import type { CodeCache } from "./code-cache";
import { deriveCodeState } from "./code-mode";
import { GuestException, generalProtection, Vector } from "./exception";
import { FLAG_BITS } from "./flags";
import { HotCode, type Sampling } from "./hot-code";
import { IndirectBranches } from "./indirect-branches";
import { INTERPRETER_AREA } from "./interpret/layout";
import { takeArrivals } from "./interrupt/arrivals";
import { BREAKPOINT_ENABLES, Breakpoints } from "./interrupt/breakpoints";
import type { InterruptEvent } from "./interrupt/event";
import { virtualInterruptDue } from "./interrupt/flags";
import { deliverPending, raise } from "./interrupt/raise";
import { BLOCKING_FOR_ONE_INSTRUCTION, Shadow } from "./interrupt/shadow";
import { stepWatched } from "./interrupt/single-step";
import type { Site } from "./ir";
import { JUMP_AREA, JumpCaches } from "./jump-caches";
import { LinearAccessError, LinearMemory } from "./linear-memory";
import type { LocalApicPort } from "./local-apic-port";
import { type AccessFault, MemoryAccess } from "./memory-access";
import { MemoryRanges } from "./memory-ranges";
import { setLongModeState } from "./reset";
import { ARITHMETIC_FLAGS, CpuState, Rflags, STATE_SIZE } from "./state";
import { StateWord } from "./state-word";
import { readControlRegister, writeControlRegister } from "./system/control-registers";
import { executeSystem } from "./system/index";
import { readMsr, writeMsr } from "./system/msr";
import type { RandomSource } from "./system/random";
import { TLB_AREA, Tlb } from "./tlb";
import { type CodeContext, linearOf } from "./translate/code-context";
import { type CodeSource, MAX_BLOCK } from "./translate/discover";
import { Status } from "./translate/dispatcher";
import { ACCESS_KIND_MASK, ACCESS_KIND_SHIFT, AccessKind, CALLOUT_SHIFT } from "./translate/memory-lookup";
import type { Runtime } from "./translate/runtime";
import { Tier, type Translation } from "./translation";
import type { Wiring } from "./wiring";
import { Fpu } from "./x87/index";

/** Linear memory that one processor needs. */
export const PROCESSOR_AREA = STATE_SIZE + TLB_AREA + JUMP_AREA + INTERPRETER_AREA;

/**
 * Vector of the machine's timer interrupt (Linux's local APIC timer vector, `asm/irq_vectors.h`). The clock counts
 * retired instructions, and a guest whose code is always new takes long to retire few: it is interrupted, too, after
 * so much effort to translate in one run, so that its host comes to decide who goes on.
 */
export const TIMER_VECTOR = 0xec;
const EFFORT_PER_TICK = 144;

/** Why `run` came back. */
export type RunStop =
  /** The guest has exited: the processor is in its host again, and the VMCS says why. */
  | { kind: "vm-exit" }
  /** HLT outside of a guest. */
  | { kind: "halted" }
  /** As many instructions have retired as were allowed. */
  | { kind: "limit" }
  /** An exception in VMX root operation, on a processor that does not deliver them; RIP is at the instruction. */
  | { kind: "exception"; vector: number; errorCode: number | null }
  /** A fault in the delivery of a double fault, in VMX root operation: only a reset helps. */
  | { kind: "shutdown" };

/** What a processor is given by its machine. */
export interface ProcessorParts {
  /** Processors in the machine. */
  count: number;
  random: RandomSource;
  buffer: ArrayBufferLike;
  /** Linear-memory address of PROCESSOR_AREA bytes. */
  area: number;
  ram: Ram;
  ramBase: number;
  memory: PhysicalMemory;
  cache: CodeCache;
  runtime: Runtime;
  sampling: Sampling;
}

/** One x86 processor: its registers, its address translation, its VMX, and the loop that runs translated code. */
export class Processor implements VmxProcessorPort {
  readonly state: CpuState;
  readonly memory: PhysicalMemory;
  readonly mmu: Mmu;
  readonly tlb: Tlb;
  readonly jumps: JumpCaches;
  readonly ranges: MemoryRanges;
  readonly vmx: Vmx;
  /** The x87 registers, as x87 and MMX instructions see them. */
  readonly fpu: Fpu;
  /** RAX RCX RDX RBX RSP RBP RSI RDI R8 to R15. */
  readonly gpr: BigUint64Array;
  /** Exceptions in VMX root operation go through the IDT; else `run` comes back with them. */
  deliversExceptions = false;
  /** The event whose delivery has begun and not ended: what is raised now happens during it. */
  delivering: InterruptEvent | null = null;
  /** What the VM entry has injected, to be delivered before the next instruction. */
  injected: InterruptEvent | null = null;
  /** Bits that DR6 gets of a debug exception which is due before the next instruction; 0: none is. */
  pendingDebug = 0n;
  deadline = Number.POSITIVE_INFINITY;
  /** Processors in its machine, itself too: one package, of which each is a core. */
  readonly siblings: number;
  /** What RDRAND and RDSEED read. */
  readonly random: RandomSource;
  /** Null in a computer without APICs. */
  localApic: LocalApicPort | null = null;
  /** Told when FERR# is asserted; null when the pin is not connected. */
  numericError: (() => void) | null = null;
  /** What time it is, in instructions, beyond those that this processor has retired: others have run, or none. */
  timeElsewhere = 0;
  /** The slow path of this processor's memory accesses. */
  readonly access: MemoryAccess;
  /** Memory as system instructions reach it. */
  readonly linear: LinearMemory;
  /** Memory as the processor itself uses it, for descriptor tables and task-state segments. */
  readonly supervisor: LinearMemory;
  private readonly cache: CodeCache;
  private readonly ram: Uint8Array;
  private readonly interval: number;
  private readonly coldThreshold: number;
  private readonly pending: number[] = [];
  private readonly hot: HotCode;
  private readonly branches = new IndirectBranches();
  /** Where limits have cut blocks in two that have not gone on yet. */
  private readonly cutAt = new Set<bigint>();
  /** Where instructions have reached devices. */
  private readonly deviceAt = new Set<bigint>();
  private readonly runtime: Runtime;
  private retiredBefore = 0;
  private readonly shadow = new Shadow();
  /** Events that have been delivered, and the value of `retired` at the last one. */
  deliveries = 0;
  private deliveredAt = -1;
  /** What the debug registers watch for. */
  readonly breakpoints: Breakpoints;
  /** What the callout has raised that stopped last. */
  private calloutRaised = generalProtection();
  /** Value of `retired` at which the current run ends. */
  private end = 0;
  /** The page that is being fetched from; null when code is only looked for. */
  private fetched: bigint | null = null;
  /** `effort` of the code cache when this run, or its last tick, began. */
  private tickBegan = 0;

  constructor(
    readonly index: number,
    parts: ProcessorParts,
  ) {
    this.siblings = parts.count;
    this.random = parts.random;
    this.state = new CpuState(parts.buffer, parts.area);
    this.gpr = this.state.gpr;
    this.memory = parts.memory;
    this.cache = parts.cache;
    this.runtime = parts.runtime;
    this.interval = parts.sampling.interval;
    this.coldThreshold = parts.sampling.cold;
    this.hot = new HotCode(parts.sampling);
    this.mmu = new Mmu(this.state, parts.ram);
    this.jumps = new JumpCaches(parts.buffer, parts.area + STATE_SIZE + TLB_AREA, this.state);
    this.ranges = new MemoryRanges(parts.buffer, this.state);
    this.tlb = new Tlb(parts.buffer, parts.area + STATE_SIZE, this.state, this.jumps, this.ranges);
    this.vmx = new Vmx(this);
    this.fpu = new Fpu(this.state);
    this.ram = new Uint8Array(parts.buffer, parts.ramBase, parts.ram.size);
    const { state, mmu, tlb, cache } = this;
    this.access = new MemoryAccess(parts.buffer, state, mmu, tlb, cache, parts.ramBase, parts.ram.size);
    this.linear = new LinearMemory(parts.buffer, state, this.access, tlb);
    this.breakpoints = new Breakpoints(state);
    this.supervisor = new LinearMemory(parts.buffer, state, this.access, tlb, true);
    this.startIn64BitMode();
  }

  // Registers.

  /** Instruction pointer. */
  get rip(): bigint {
    return this.state.get64("rip");
  }

  set rip(value: bigint) {
    this.state.set64("rip", value);
  }

  get rflags(): bigint {
    return BigInt(this.eflags >>> 0);
  }

  set rflags(value: bigint) {
    this.eflags = Number(value & 0xffffffffn);
  }

  /** RFLAGS without its upper half, which is 0. */
  get eflags(): number {
    const { state } = this;
    this.endShadow();
    const { u32 } = state;
    const op = u32[StateWord.flagOp];
    const over = u32[StateWord.flagOver];
    const given = op === FLAG_BITS && over === 0;
    const arithmetic = given
      ? u32[StateWord.flagA]
      : this.runtime.flagsOf(op, over, state.get64("flagA"), state.get64("flagB"));
    return u32[StateWord.systemFlags] | (arithmetic & ARITHMETIC_FLAGS) | Rflags.fixed;
  }

  set eflags(bits: number) {
    const { u32 } = this.state;
    u32[StateWord.flagA] = bits & ARITHMETIC_FLAGS;
    u32[StateWord.flagA + 1] = 0;
    u32[StateWord.flagOp] = FLAG_BITS;
    u32[StateWord.flagOver] = 0;
    u32[StateWord.systemFlags] = bits & ~ARITHMETIC_FLAGS;
    if ((bits & Rflags.RF) !== 0) {
      this.shadow.begin();
    }
  }

  /** Blocking by STI, MOV SS and NMI, as bits of the VMCS's interruptibility state. */
  get interruptibility(): number {
    this.endShadow();
    return this.shadow.interruptibility;
  }

  set interruptibility(value: number) {
    this.shadow.interruptibility = value;
    if ((value & BLOCKING_FOR_ONE_INSTRUCTION) !== 0) {
      this.shadow.begin();
    }
  }

  /** Ends what lasts for one instruction, if that has retired. */
  private endShadow(): void {
    if (this.shadow.isOver(this.retired)) {
      this.shadow.interruptibility &= ~BLOCKING_FOR_ONE_INSTRUCTION;
      this.state.set32("systemFlags", this.state.get32("systemFlags") & ~Rflags.RF);
    }
  }

  /** Instructions retired since reset. Each repetition of a string instruction counts as one. */
  get retired(): number {
    return this.retiredBefore;
  }

  /** What RDTSC reads: the time in instructions, moved by writes to IA32_TIME_STAMP_COUNTER. */
  get timeStamp(): bigint {
    return BigInt.asUintN(64, BigInt(this.retired + this.timeElsewhere) + this.state.get64("tscAdjust"));
  }

  /** What the processor's pins are wired to; null where there is RAM only. */
  get wiring(): Wiring | null {
    return this.access.wiring;
  }

  set wiring(wiring: Wiring | null) {
    this.access.wiring = wiring;
  }

  get nonRoot(): boolean {
    return this.state.u32[StateWord.nonRoot] !== 0;
  }

  /** Reads a model-specific register, as RDMSR does at CPL 0. @throws GuestException */
  readMsr(index: number): bigint {
    return readMsr(this, index);
  }

  /** Writes a model-specific register, as WRMSR does at CPL 0. @throws GuestException */
  writeMsr(index: number, value: bigint): void {
    writeMsr(this, index, value);
  }

  /** Reads CR0, CR2, CR3, CR4 or CR8, as MOV does at CPL 0. */
  readControlRegister(number: 0 | 2 | 3 | 4 | 8): bigint {
    return readControlRegister(this, number);
  }

  /** Writes CR0, CR2, CR3, CR4 or CR8, as MOV does at CPL 0. @throws GuestException */
  writeControlRegister(number: 0 | 2 | 3 | 4 | 8, value: bigint): void {
    writeControlRegister(this, number, value);
  }

  /** Makes the registers those that a 64-bit loader leaves: flat segments, 4-level paging on, CPL 0, interrupts off. */
  startIn64BitMode(): void {
    setLongModeState(this.state);
    this.rip = 0n;
    this.rflags = BigInt(Rflags.fixed);
    this.addressSpaceChanged();
  }

  /** @throws GuestException #GP(0) when CPL is not 0 */
  requireCpl0(): void {
    if (this.state.get32("cpl") !== 0) {
      throw generalProtection();
    }
  }

  // What VMX asks of the processor.

  addressSpaceChanged(): void {
    deriveCodeState(this.state);
    this.tlb.select();
  }

  /**
   * Hides a page of RAM behind a device that answers in its place, as a local APIC does whose registers have been moved
   * there. Paging structures in it are still read from RAM.
   *
   * @param hpa physical address of the page; one outside RAM, or -1, hides none
   */
  hideRam(hpa: number): void {
    if (hpa !== this.access.hiddenPage) {
      this.access.hiddenPage = hpa;
      this.tlb.flushVpid(0);
      this.tlb.flushVpid(null);
    }
  }

  invalidateEpt(eptp: bigint | null): void {
    this.tlb.flushEpt(eptp);
  }

  invalidateVpid(vpid: number | null, _address: bigint | null): void {
    this.tlb.flushVpid(vpid);
  }

  /** A VM exit at RIP. */
  vmExit(reason: number, information: VmExitInformation = {}): void {
    this.vmx.exit(reason, information);
  }

  /** An external interrupt: taken as soon as the processor runs a guest or has interrupts enabled. */
  requestInterrupt(vector: number): void {
    this.pending.push(vector);
  }

  /** Takes the oldest external interrupt that waits, as an interrupt acknowledge cycle does. */
  acknowledgeInterrupt(): number | undefined {
    return this.pending.shift();
  }

  // Running.

  /**
   * Runs code at RIP.
   *
   * @param limit instructions that may retire; exactly so many have when it stops for that reason, unless a device's
   *   deadline has come or somebody has called `stopSoon`
   * @param pauses asked now and then whether to come back as if the limit was reached; what runs when does not depend on it
   */
  run(limit = Number.POSITIVE_INFINITY, pauses = never): RunStop {
    this.end = this.retired + limit;
    this.tickBegan = this.cache.effort;
    for (;;) {
      if (pauses()) {
        return { kind: "limit" };
      }
      const stop = this.beforeCode() ?? this.runUntil(Math.min(this.end, this.deadline, this.nextLook()));
      if (stop !== null) {
        return stop;
      }
    }
  }

  /** Lets the current run end, as if its limit was reached, after the instruction that is being executed. */
  stopSoon(): void {
    this.end = this.retired;
  }

  /** What happens at an instruction boundary before the next instruction does. */
  private beforeCode(): RunStop | null {
    const { wiring } = this;
    this.shadow.meetBoundary(this.retired);
    if (this.injected !== null || this.pendingDebug !== 0n) {
      const stop = deliverPending(this);
      if (stop !== null) {
        return stop;
      }
    }
    if (wiring !== null) {
      const stop = takeArrivals(this, wiring);
      if (stop !== null) {
        return stop;
      }
    }
    if (virtualInterruptDue(this)) {
      const stop = raise(this, Vector.generalProtection, 0);
      if (stop !== null) {
        return stop;
      }
    }
    if (this.nonRoot) {
      if (wiring === null && this.cache.effort - this.tickBegan >= EFFORT_PER_TICK) {
        this.tickBegan = this.cache.effort;
        this.requestInterrupt(TIMER_VECTOR);
      }
      if (this.pending.length > 0) {
        this.vmExit(ExitReason.externalInterrupt);
        return { kind: "vm-exit" };
      }
      if (this.retired >= this.deadline) {
        this.vmExit(ExitReason.preemptionTimer);
        return { kind: "vm-exit" };
      }
    }
    return this.retired >= Math.min(this.end, this.nextDeadline()) ? { kind: "limit" } : null;
  }

  /** Value of `retired` at which a device does something. */
  private nextDeadline(): number {
    return this.wiring === null ? Number.POSITIVE_INFINITY : this.wiring.nextDeadline() - this.timeElsewhere;
  }

  /** Value of `retired` at which to look again at what has arrived: behind the next instruction while that blocks it. */
  private nextLook(): number {
    const { wiring } = this;
    const blocked = wiring !== null && (this.interruptibility & BLOCKING_FOR_ONE_INSTRUCTION) !== 0;
    const waiting = blocked && (wiring.nmiPending() || wiring.interruptPending());
    return waiting ? this.retired + 1 : this.nextDeadline();
  }

  private runUntil(end: number): RunStop | null {
    if (this.isWatched) {
      return stepWatched(this);
    }
    this.access.breakpoints = null;
    return this.runSome(end - this.retired);
  }

  /** Instructions have to be run one by one, because debug exceptions may come between them. */
  private get isWatched(): boolean {
    const { u32 } = this.state;
    const watched = (u32[StateWord.systemFlags] & Rflags.TF) !== 0 || (u32[DR7_WORD] & BREAKPOINT_ENABLES) !== 0;
    return watched && (this.nonRoot || this.deliversExceptions);
  }

  /** Runs translated code until something needs attention, at most `most` instructions. */
  private runSome(most: number): RunStop | null {
    const { state } = this;
    const given = Math.min(most, this.interval);
    state.set32("left", given);
    const status = this.runtime.run(state.base);
    const left = state.getI32("left");
    this.retiredBefore += given - left;
    switch (status) {
      case Status.miss:
        return this.findCode(most - (given - left));
      case Status.limit:
        this.sample(null);
        return null;
      default: {
        const translation = this.cache.at(state.get32("region"));
        const site = translation.sites[state.get32("site")];
        const stop = this.stopAt(site);
        if (stop !== "limit") {
          return stop;
        }
        this.sample(translation);
        // A block has more instructions than may run. At the end of all, or where nothing ran, they go one by one.
        const rest = left + site.uncount;
        return given === most || rest === given ? this.finishExactly(rest) : null;
      }
    }
  }

  /** Goes on from a stop of translated code: registers are those at the start of the site's instruction. */
  private stopAt(site: Site): RunStop | "limit" | null {
    this.rip = site.rip;
    this.retiredBefore -= site.uncount;
    const { cause } = site;
    switch (cause.kind) {
      case "limit":
        return "limit";
      case "memory":
        return this.accessFault(this.access.fault, cause.stack);
      case "callout":
        return raise(this, this.calloutRaised.vector, this.calloutRaised.errorCode);
      case "exception":
        return raise(this, cause.vector, cause.errorCode);
      case "system":
        return this.system(site, cause.operation, cause.operands);
      case "fetch":
        // It may be there by now: then the code is looked for anew.
        this.jumps.flushAll();
        return this.fetchFault(linearOf(this.context, site.rip - (linearOf(this.context, site.rip) & 0xfffn) + 4096n));
    }
  }

  /**
   * Does what translated code asks of TypeScript: the slow path of a memory access, or a callout.
   *
   * @returns for an access its place in linear memory, for a callout 1; 0 when translated code has to stop
   */
  serve(request: number): number {
    if (((request >> ACCESS_KIND_SHIFT) & ACCESS_KIND_MASK) !== AccessKind.callout) {
      return this.access.serve(request);
    }
    try {
      calloutAt(request >> CALLOUT_SHIFT)(this);
      return 1;
    } catch (error) {
      if (!(error instanceof GuestException)) {
        throw error;
      }
      this.calloutRaised = error;
      return 0;
    }
  }

  /** Runs exactly `count` instructions: by blocks as long as such are there, the last ones one at a time. */
  private finishExactly(count: number): RunStop | null {
    const end = this.retiredBefore + count;
    let byBlocks = true;
    while (this.retiredBefore < end) {
      const before = this.retiredBefore;
      const block: Translation | null = byBlocks && !this.isWatched ? this.knownBlock() : null;
      const stop = block === null ? this.step() : this.runAlone(block, end - before);
      if (stop !== null && stop !== "limit") {
        return stop;
      }
      byBlocks = block === null || this.retiredBefore > before;
      if (byBlocks && this.isCalled()) {
        break;
      }
    }
    return this.cut();
  }

  private knownBlock(): Translation | null {
    const { context, rip } = this;
    this.fetched = linearOf(context, rip) & ~0xfffn;
    return this.cache.known(this.source, context, rip);
  }

  /** Runs a translation by itself, at most `most` instructions of it; "limit" when it has stopped for want of more. */
  private runAlone(translation: Translation, most: number): RunStop | "limit" | null {
    const { state } = this;
    this.shadow.meetBoundary(this.retired);
    state.set32("left", most);
    const status = this.cache.run(translation, state.base);
    this.retiredBefore += most - state.getI32("left");
    return status === Status.continue ? null : this.stopAt(translation.sites[state.get32("site")]);
  }

  /** Whether the instruction before has let something come that is to be served before the next one. */
  private isCalled(): boolean {
    const { wiring } = this;
    if (virtualInterruptDue(this)) {
      return true;
    }
    if (wiring === null) {
      return false;
    }
    const listens = (this.state.get32("systemFlags") & Rflags.IF) !== 0;
    const arrived = wiring.nmiPending() || (listens && wiring.interruptPending());
    return arrived || this.retired >= Math.min(this.end, this.nextDeadline());
  }

  /** Notes that the block goes on here. */
  private cut(): null {
    if (this.cutAt.size >= MAX_CUTS) {
      this.cutAt.clear();
    }
    this.cutAt.add(this.rip);
    return null;
  }

  /**
   * Goes on from where a limit has cut a block in two, to where the next one starts. Every slice of time ends somewhere
   * else: translating from each such place would translate the same code again and again.
   */
  private finishBlock(most: number): RunStop | null {
    const end = this.retiredBefore + Math.min(most, MAX_BLOCK);
    while (this.retiredBefore < end && !this.cache.isKnown(this.context, this.rip, Tier.first)) {
      const stop = this.step();
      if (stop !== null || this.isCalled()) {
        return stop;
      }
    }
    return null;
  }

  private step(): RunStop | null {
    this.shadow.meetBoundary(this.retired);
    return this.isWatched ? stepWatched(this) : this.stepOnce();
  }

  /** Runs one instruction, or one repetition of a string instruction, from a translation of its own. */
  stepOnce(): RunStop | null {
    const { state } = this;
    const translation = this.translation(Tier.step);
    if (translation === null) {
      return this.fetchFault(linearOf(this.context, this.rip));
    }
    state.set32("left", 1);
    const status = this.cache.run(translation, state.base);
    this.retiredBefore += 1 - state.getI32("left");
    if (status === Status.continue) {
      return null;
    }
    const stop = this.stopAt(translation.sites[state.get32("site")]);
    return stop === "limit" ? null : stop;
  }

  // Code.

  private readonly targets = (from: bigint): readonly bigint[] => this.branches.targets(from);

  /** The page of code at a linear address, as it may be fetched now. */
  private readonly source: CodeSource = (page) => {
    const low = Number(page & 0xffffffffn) | 0;
    const high = Number(page >> 32n) | 0;
    // Only the page of the instruction that comes next is known to be fetched. Others count when they have been before.
    this.mmu.lookingAhead = page !== this.fetched;
    const found = isCanonicalHigh(high, this.state.low("cr4")) && this.mmu.translate(low, high, Access.execute);
    this.mmu.lookingAhead = false;
    if (!found) {
      return null;
    }
    const { hpa } = this.mmu;
    // Outside RAM nothing answers: fetches give ones.
    return this.access.isRam(hpa)
      ? { bytes: this.ram.subarray(hpa, hpa + 4096), frame: hpa >>> 12 }
      : { bytes: new Uint8Array(4096).fill(0xff), frame: this.ram.length >>> 12 };
  };

  /** Linear address of the next instruction. */
  get linearRip(): bigint {
    return linearOf(this.context, this.rip);
  }

  /** What code at RIP depends on. */
  private get context(): CodeContext {
    const { state } = this;
    return { mode: state.get32("codeMode"), base: state.low("codeBase"), limit: state.get32("codeLimit") };
  }

  private translation(tier: Tier): Translation | null {
    const { context, rip } = this;
    this.fetched = linearOf(context, rip) & ~0xfffn;
    return this.cache.find(this.source, context, rip, tier, this.targets);
  }

  /**
   * Goes on with code that the jump cache does not know: interprets a block that has hardly ever run, else makes the jump
   * cache know the code. At most `most` instructions retire.
   */
  private findCode(most: number): RunStop | null {
    const { state } = this;
    if (this.cutAt.delete(this.rip) && !this.cache.isKnown(this.context, this.rip, Tier.first)) {
      return this.finishBlock(most);
    }
    const hot = this.hot.isHot(this.rip);
    const found = this.translation(hot ? Tier.hot : this.coldThreshold === 0 ? Tier.cold : Tier.first);
    if (found?.tier === Tier.first && found.runs++ < this.coldThreshold) {
      return this.interpret(found, most);
    }
    const translation = found?.tier === Tier.first ? this.translation(Tier.cold) : found;
    if (translation === null) {
      return this.fetchFault(linearOf(this.context, this.rip));
    }
    this.jumps.fill(state.low("rip"), state.high("rip"), translation.index);
    return null;
  }

  /** Runs a block that is interpreted, or as much of it as may run. */
  private interpret(block: Translation, most: number): RunStop | null {
    const end = this.retiredBefore + most;
    const stop = this.runAlone(block, Math.min(most, this.interval));
    if (stop !== "limit") {
      return stop;
    }
    return most <= this.interval ? this.finishExactly(end - this.retiredBefore) : null;
  }

  /** Notes where the processor is; a place that is hot gets a larger translation, and so does the region it is in. */
  private sample(translation: Translation | null): void {
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
    this.branches.collect(this.state);
    // When the code cannot be fetched just now, it is found hot when it next runs.
    this.fetched = null;
    const translation = this.cache.find(this.source, this.context, entry, Tier.hot, this.targets);
    if (translation !== null) {
      this.hot.cover(blocksOf(translation));
      const [low, high] = [Number(entry & 0xffffffffn) | 0, Number(entry >> 32n) | 0];
      this.jumps.fill(low, high, translation.index);
    }
  }

  // Faults and system instructions.

  /** A fetch that failed: what the walk for it says. */
  private fetchFault(address: bigint): RunStop | null {
    const low = Number(address & 0xffffffffn) | 0;
    const high = Number(address >> 32n) | 0;
    if (!isCanonicalHigh(high, this.state.low("cr4"))) {
      return raise(this, Vector.generalProtection, 0);
    }
    if (this.mmu.translate(low, high, Access.execute)) {
      return null;
    }
    return this.accessFault({ ...this.mmu.fault, address }, false);
  }

  private accessFault(fault: AccessFault, stack: boolean): RunStop | null {
    switch (fault.kind) {
      case "page-fault":
        return raise(this, Vector.pageFault, fault.errorCode, fault.address);
      case "ept-violation":
        this.vmExit(ExitReason.eptViolation, {
          qualification: BigInt(fault.qualification),
          guestPhysicalAddress: fault.gpa,
          guestLinearAddress: fault.address,
        });
        return { kind: "vm-exit" };
      case "ept-misconfiguration":
        this.vmExit(ExitReason.eptMisconfiguration, {
          guestPhysicalAddress: fault.gpa,
          guestLinearAddress: fault.address,
        });
        return { kind: "vm-exit" };
      case "non-canonical":
        return raise(this, stack ? Vector.stackFault : Vector.generalProtection, 0);
      case "self-modifying":
        return this.stepAlone();
      case "device": {
        const { rip } = this;
        const stop = this.stepAlone();
        return stop ?? this.goOnBehindDevice(rip);
      }
    }
  }

  /** Runs an instruction by itself that may change code and reach devices. */
  private stepAlone(): RunStop | null {
    this.access.mayModifyCode = true;
    const stop = this.stepOnce();
    this.access.mayModifyCode = false;
    return stop;
  }

  /** What follows an access to a device gets a translation of its own when it comes there again. */
  private goOnBehindDevice(rip: bigint): null {
    if (this.deviceAt.has(rip)) {
      return null;
    }
    if (this.deviceAt.size >= MAX_CUTS) {
      this.deviceAt.clear();
    }
    this.deviceAt.add(rip);
    return this.cut();
  }

  private system(site: Site, operation: string, operands: readonly number[]): RunStop | null {
    try {
      const outcome = executeSystem(this, { operation, operands, length: site.length });
      if (outcome === "vm-exit") {
        return { kind: "vm-exit" };
      }
      this.retiredBefore++;
      if (outcome === "elsewhere") {
        return null;
      }
      this.rip = BigInt.asUintN(64, site.rip + BigInt(site.length));
      return outcome === "halted" ? { kind: "halted" } : null;
    } catch (error) {
      return this.serviceError(error);
    }
  }

  /** Raises what a system instruction or the delivery of an event has thrown. @throws what is no fault of the guest */
  serviceError(error: unknown): RunStop | null {
    if (error instanceof GuestException) {
      return raise(this, error.vector, error.errorCode, error.payload);
    }
    if (error instanceof LinearAccessError) {
      return this.accessFault(error.fault, false);
    }
    throw error;
  }

  /**
   * An event's handler has been entered. A guest whose handlers fault at once could be in here for ever, so what
   * comes without an instruction in between takes the time of one.
   */
  eventDelivered(): void {
    this.delivering = null;
    this.deliveries++;
    this.interruptibility &= ~BLOCKING_FOR_ONE_INSTRUCTION;
    if (this.deliveredAt === this.retired) {
      this.retiredBefore++;
    }
    this.deliveredAt = this.retired;
  }
}

const DR7_WORD = StateWord.dr + 2 * 7;

/** Cuts, and accesses to devices, that are remembered. */
const MAX_CUTS = 256;

/** Where the blocks of a translation start: each can stop there for want of instructions. */
function blocksOf({ sites }: Translation): bigint[] {
  return sites.filter(({ cause }) => cause.kind === "limit").map(({ rip }) => rip);
}

const never = (): boolean => false;
