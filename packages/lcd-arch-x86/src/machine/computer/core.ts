import { Blocking } from "../../cpu/interrupt/shadow";
import type { Processor } from "../../cpu/processor";
import { Rflags } from "../../cpu/state";
import type { Wiring } from "../../cpu/wiring";
import { isApicEnabled } from "../../devices/apic-base";
import type { ApicBus } from "../../devices/apic-bus";
import { type AccessSize, type InterruptLine, MmioBus, type PortBus } from "../../devices/bus";
import type { Clock } from "../../devices/clock";
import { type ApicProcessor, LocalApic } from "../../devices/local-apic";
import { XapicPage } from "../../devices/xapic-page";
import { ExitReason } from "../../vmx/index";
import { apicPort } from "./apic-port";
import { setInitState, setStartupState } from "./start-state";

/** Pages of a local APIC's registers. */
const APIC_PAGE = 4096;

/**
 * Nanoseconds that IN and OUT take: as long as a bus cycle of ISA of 8 MHz, about. Programs that poll a device, or write to
 * port 80H for a short delay, count on it; a loop that waits for a timer executes a thousandth of the instructions.
 */
const PORT_ACCESS_TIME = 1000;

/** What a processor does: executes, waits for an interrupt (HLT), or waits for a start-up IPI. */
export type Activity = "running" | "halted" | "wait-for-startup";

/** The interrupt controller 8259, as the processor that it interrupts sees it. */
export interface LegacyInterrupts {
  /** Interrupt acknowledge: gives a vector. */
  acknowledge(): number;
}

/** What all processors of a computer share. */
export interface CoreSurroundings {
  ports: PortBus;
  memory: MmioBus;
  apics: ApicBus;
  clock: Clock;
  legacy: LegacyInterrupts;
  /** INIT for the bootstrap processor: it would go to the BIOS. */
  reset: () => void;
}

/** A processor with its local APIC, wired to the computer around it. */
export class Core implements Wiring, ApicProcessor {
  activity: Activity;
  readonly apic: LocalApic;
  private readonly registers: XapicPage;
  /** The wire from the 8259: to LINT0, and past an APIC that is disabled. */
  readonly legacyLine: InterruptLine;
  private legacyLevel = false;
  private nmiArrived = false;
  private initArrived = false;
  private startupVector = -1;
  /** Where the APIC's registers are in memory, in place of what else is there. */
  private own = new MmioBus();
  private ownAddress = -1;

  constructor(
    readonly processor: Processor,
    private readonly around: CoreSurroundings,
  ) {
    const { index } = processor;
    const isBootstrap = index === 0;
    const { apics: bus, clock } = around;
    this.activity = isBootstrap ? "running" : "wait-for-startup";
    this.apic = new LocalApic({
      id: index,
      bsp: isBootstrap,
      processor: this,
      bus,
      clock,
      tsc: () => processor.timeStamp,
    });
    this.registers = new XapicPage(this.apic);
    this.legacyLine = {
      set: (level) => {
        this.legacyLevel = level;
        this.apic.lint0.set(level);
      },
    };
    processor.deliversExceptions = true;
    processor.wiring = this;
    processor.localApic = apicPort(this.apic, index, (page) => processor.hideRam(page));
    setInitState(processor);
  }

  /** PAUSE instructions until the processor comes back from running. */
  get pausesLeft(): number {
    return this.processor.state.get32("pausesLeft");
  }

  set pausesLeft(count: number) {
    this.processor.state.set32("pausesLeft", count);
  }

  /** Does what has arrived while the processor did not execute. @returns whether it executes now */
  wakes(): boolean {
    if (this.initArrived) this.initialize();
    if (this.startupVector >= 0) this.startUp();
    if (this.activity === "halted" && this.canWake()) this.activity = "running";
    return this.activity === "running";
  }

  /** Whether a halted processor could be woken by an interrupt: they are not switched off. */
  get listens(): boolean {
    return this.activity === "halted" && (this.processor.state.get32("systemFlags") & Rflags.IF) !== 0;
  }

  private canWake(): boolean {
    const nmi = this.nmiArrived && (this.processor.interruptibility & Blocking.byNmi) === 0;
    return nmi || (this.interruptPending() && this.listens);
  }

  private initialize(): void {
    const { vmx, nonRoot, injected } = this.processor;
    // It waits for the end of VMX operation, but leaves a guest (SDM 3C, "Other Causes of VM Exits").
    const leaves = nonRoot && injected === null;
    if (vmx.on && !leaves) return;
    this.initArrived = false;
    if (leaves) {
      this.processor.vmExit(ExitReason.initSignal);
      return;
    }
    if (this.processor.index === 0) this.around.reset();
    setInitState(this.processor);
    this.apic.init();
    this.nmiArrived = false;
    this.activity = "wait-for-startup";
  }

  private startUp(): void {
    if (this.activity === "wait-for-startup") {
      setStartupState(this.processor, this.startupVector);
      this.activity = "running";
    }
    this.startupVector = -1;
  }

  // What the local APIC tells.

  /** The processor asks `interruptPending` at every instruction boundary at which it looks up. */
  interrupt(): void {}

  nmi(): void {
    this.nmiArrived = true;
  }

  init(): void {
    this.initArrived = true;
    this.startupVector = -1;
    this.processor.stopSoon();
  }

  startup(vector: number): void {
    this.startupVector = vector;
  }

  // What the processor asks.

  readPort(port: number, size: AccessSize): number {
    const value = this.around.ports.readPort(port, size);
    this.wait(PORT_ACCESS_TIME);
    return value;
  }

  writePort(port: number, size: AccessSize, value: number): void {
    this.around.ports.writePort(port, size, value);
    this.wait(PORT_ACCESS_TIME);
  }

  /** Time passes for all, and the processor executes nothing. */
  private wait(nanoseconds: number): void {
    this.around.clock.delay(nanoseconds);
    this.processor.timeElsewhere += nanoseconds;
  }

  readMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void {
    this.busAt(hpa).read(hpa, bytes, at, length);
  }

  writeMemory(hpa: number, bytes: Uint8Array, at: number, length: number): void {
    this.busAt(hpa).write(hpa, bytes, at, length);
  }

  private busAt(hpa: number): MmioBus {
    const page = this.apic.mmioAddress();
    if (page !== this.ownAddress) {
      this.ownAddress = page;
      this.own = new MmioBus();
      if (page >= 0) this.own.register(page, APIC_PAGE, this.registers);
    }
    return this.own.find(hpa) === undefined ? this.around.memory : this.own;
  }

  nextDeadline(): number {
    return this.around.clock.nextDeadline();
  }

  nmiPending(): boolean {
    return this.nmiArrived;
  }

  takeNmi(): void {
    this.nmiArrived = false;
  }

  interruptPending(): boolean {
    return this.apic.pendingVector() >= 0 || this.legacyPending();
  }

  acknowledgeInterrupt(): number {
    if (this.apic.pendingVector() >= 0 || !this.legacyPending()) return this.apic.acknowledge();
    this.apic.extIntAcknowledged();
    return this.around.legacy.acknowledge();
  }

  private legacyPending(): boolean {
    return isApicEnabled(this.apic.readBase()) ? this.apic.extIntPending() : this.legacyLevel;
  }
}
