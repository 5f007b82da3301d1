import type { PhysicalMemory } from "../machine/physical-memory";
import { Mmu, type Ram } from "../mmu/index";
import { ExitReason, type VmExitInformation, Vmx, type VmxProcessorPort } from "../vmx/index";
import { calloutAt } from "./callouts";
import type { CodeCache } from "./code-cache";
import { CodeLookup } from "./code-lookup";
import { deriveCodeState } from "./code-mode";
import { CodeRunner } from "./code-runner";
import { GuestException, generalProtection, Vector } from "./exception";
import { FLAG_BITS } from "./flags";
import type { Sampling } from "./hot-code";
import { INTERPRETER_AREA } from "./interpret/layout";
import { takeArrivals } from "./interrupt/arrivals";
import { BREAKPOINT_ENABLES, Breakpoints } from "./interrupt/breakpoints";
import type { InterruptEvent } from "./interrupt/event";
import { virtualInterruptDue } from "./interrupt/flags";
import { deliverPending, raise } from "./interrupt/raise";
import { BLOCKING_FOR_ONE_INSTRUCTION, Shadow } from "./interrupt/shadow";
import { stepWatched } from "./interrupt/single-step";
import { JUMP_AREA, JumpCaches } from "./jump-caches";
import { LinearMemory } from "./linear-memory";
import type { LocalApicPort } from "./local-apic-port";
import { MemoryAccess } from "./memory-access";
import { MemoryRanges } from "./memory-ranges";
import { setLongModeState } from "./reset";
import { ARITHMETIC_FLAGS, CpuState, Rflags, STATE_SIZE } from "./state";
import { StateWord } from "./state-word";
import { serviceError } from "./stops";
import { readControlRegister, writeControlRegister } from "./system/control-registers";
import { readMsr, writeMsr } from "./system/msr";
import type { RandomSource } from "./system/random";
import { TLB_AREA, Tlb } from "./tlb";
import { ACCESS_KIND_MASK, ACCESS_KIND_SHIFT, AccessKind, CALLOUT_SHIFT } from "./translate/memory-lookup";
import type { Runtime } from "./translate/runtime";
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
  /** A fault in the delivery of a double fault, in VMX root operation, or a VMX abort: only a reset helps. */
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
  exitsAtInterruptWindow = false;
  private isShutDown = false;
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
  /** Finds translations of the code at RIP. */
  readonly lookup: CodeLookup;
  private readonly runner: CodeRunner;
  private readonly pending: number[] = [];
  private readonly runtime: Runtime;
  /** Instructions retired since reset. Each repetition of a string instruction counts as one. */
  retired = 0;
  private readonly shadow = new Shadow();
  /** Events that have been delivered, and the value of `retired` at the last one. */
  deliveries = 0;
  private deliveredAt = -1;
  /** What the debug registers watch for. */
  readonly breakpoints: Breakpoints;
  /** What the callout has raised that stopped last. */
  calloutRaised = generalProtection();
  /** Value of `retired` at which the current run ends. */
  private end = 0;
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
    this.mmu = new Mmu(this.state, parts.ram);
    this.jumps = new JumpCaches(parts.buffer, parts.area + STATE_SIZE + TLB_AREA, this.state);
    this.ranges = new MemoryRanges(parts.buffer, this.state);
    this.tlb = new Tlb(parts.buffer, parts.area + STATE_SIZE, this.state, this.jumps, this.ranges);
    this.vmx = new Vmx(this);
    this.fpu = new Fpu(this.state);
    const { state, mmu, tlb, cache, jumps } = this;
    this.access = new MemoryAccess(parts.buffer, state, mmu, tlb, cache, parts.ramBase, parts.ram.size);
    const ram = new Uint8Array(parts.buffer, parts.ramBase, parts.ram.size);
    const { access } = this;
    this.lookup = new CodeLookup({ state, mmu, jumps, access, cache, ram, sampling: parts.sampling });
    this.runner = new CodeRunner(this, cache, this.lookup, parts.runtime, parts.sampling.interval);
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

  /** What time it is, in instructions: those of others and waiting count, too. */
  get time(): number {
    return this.retired + this.timeElsewhere;
  }

  /** What RDTSC reads: the time in instructions, moved by writes to IA32_TIME_STAMP_COUNTER. */
  get timeStamp(): bigint {
    return BigInt.asUintN(64, BigInt(this.time) + this.state.get64("tscAdjust"));
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

  shutDown(): void {
    this.isShutDown = true;
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
      if (this.isShutDown) {
        return { kind: "shutdown" };
      }
      if (pauses()) {
        return { kind: "limit" };
      }
      const stop = this.beforeCode();
      if (stop !== null) {
        return stop;
      }
      if (this.pendingDebug !== 0n) {
        // What was delivered has met a breakpoint: that comes next.
        continue;
      }
      const ended = this.runUntil(Math.min(this.end, this.deadline - this.timeElsewhere, this.nextLook()));
      if (ended !== null) {
        return ended;
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
    if (this.retired >= this.end && this.deliveredAt === this.retired) {
      // What is delivered behind a delivery takes the time of an instruction: the next run's.
      return { kind: "limit" };
    }
    if (this.injected !== null || this.pendingDebug !== 0n) {
      const stop = deliverPending(this);
      if (stop !== null) {
        return stop;
      }
    }
    if (wiring !== null || this.exitsAtInterruptWindow) {
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
        this.vmx.exitForInterrupt(() => this.acknowledgeInterrupt() ?? TIMER_VECTOR);
        return { kind: "vm-exit" };
      }
      if (this.time >= this.deadline) {
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
    const { wiring, exitsAtInterruptWindow } = this;
    const looks = wiring !== null || exitsAtInterruptWindow;
    const blocked = looks && (this.interruptibility & BLOCKING_FOR_ONE_INSTRUCTION) !== 0;
    const waiting = blocked && (exitsAtInterruptWindow || wiring?.nmiPending() || wiring?.interruptPending());
    return waiting ? this.retired + 1 : this.nextDeadline();
  }

  private runUntil(end: number): RunStop | null {
    if (this.isWatched) {
      return stepWatched(this);
    }
    this.access.breakpoints = null;
    return this.runner.run(end - this.retired);
  }

  /** Instructions have to be run one by one, because debug exceptions may come between them. */
  get isWatched(): boolean {
    const { u32 } = this.state;
    const watched = (u32[StateWord.systemFlags] & Rflags.TF) !== 0 || (u32[DR7_WORD] & BREAKPOINT_ENABLES) !== 0;
    return watched && (this.nonRoot || this.deliversExceptions);
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

  /** Whether the instruction before has let something come that is to be served before the next one. */
  get isCalled(): boolean {
    const { wiring } = this;
    const due = this.injected !== null || this.pendingDebug !== 0n || virtualInterruptDue(this);
    if (due || this.time >= this.deadline || (this.nonRoot && this.pending.length > 0)) {
      return true;
    }
    const enabled = (this.state.get32("systemFlags") & Rflags.IF) !== 0;
    if (enabled && this.exitsAtInterruptWindow) {
      return true;
    }
    if (wiring === null) {
      return false;
    }
    const listens = this.nonRoot || enabled;
    const arrived = wiring.nmiPending() || (listens && wiring.interruptPending());
    return arrived || this.retired >= Math.min(this.end, this.nextDeadline());
  }

  /** Lets what lasts for one instruction begin or end here. */
  meetBoundary(): void {
    this.shadow.meetBoundary(this.retired);
  }

  /** Runs one instruction, or one repetition of a string instruction, by itself. */
  stepOnce(): RunStop | null {
    return this.runner.stepOnce();
  }

  /** What follows an access to a device, of the instruction at `rip`. */
  goOnBehindDevice(rip: bigint): null {
    return this.runner.goOnBehindDevice(rip);
  }

  /** Linear address of the next instruction. */
  get linearRip(): bigint {
    return this.lookup.linearRip;
  }

  /** Raises what the delivery of an event has thrown. @throws what is no fault of the guest */
  serviceError(error: unknown): RunStop | null {
    return serviceError(this, error);
  }

  /**
   * An event's handler has been entered. A guest whose handlers fault at once could be in here for ever, so what
   * comes without an instruction in between takes the time of one.
   *
   * @param retires whether the event is an instruction that is going to retire itself
   */
  eventDelivered(retires: boolean): void {
    const { breakpoints } = this;
    this.delivering = null;
    this.deliveries++;
    this.interruptibility &= ~BLOCKING_FOR_ONE_INSTRUCTION;
    // What the frame has met is told before the handler's first instruction, with what MOV to SS has held back.
    if (breakpoints.met !== 0) {
      this.pendingDebug |= BigInt(breakpoints.met);
      breakpoints.met = 0;
    }
    if (!retires && this.deliveredAt === this.retired) {
      this.retired++;
    }
    this.deliveredAt = this.retired;
  }
}

const DR7_WORD = StateWord.dr + 2 * 7;

const never = (): boolean => false;
