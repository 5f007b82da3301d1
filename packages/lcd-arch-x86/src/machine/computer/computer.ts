import { KernelError } from "../../errno";
import { Machine, type MachineOptions } from "../machine";
import { type BootModule, loadMultiboot } from "../multiboot/index";
import { Board } from "./board";
import { describeProcessor } from "./report";
import type { ComputerResult } from "./result";
import { Scheduler, type ScheduleStop } from "./scheduler";
import { setMultibootState } from "./start-state";

/** What a computer is made with. */
export interface ComputerOptions extends MachineOptions {
  /** Given each byte that the guest sends through the serial port COM1. */
  onSerial?: (byte: number) => void;
}

/** What is loaded beside a kernel. */
export interface BootOptions {
  /** By custom the kernel's name and its arguments. Default "". */
  commandLine?: string;
  modules?: readonly BootModule[];
}

/** How long a computer runs. */
export interface RunOptions {
  /** Instructions that its processors may execute together. Default: no limit. */
  fuel?: number;
  /** Stops it between two instructions when aborted. */
  signal?: AbortSignal;
}

/** Milliseconds after which `run` lets others run. */
const YIELD_AFTER = 20;
/** The longest that `run` waits for input at once, in milliseconds. */
const LONGEST_WAIT = 1000;
/** Of a millisecond. */
const NANOSECONDS = 1e6;

/**
 * A computer: a `Machine` with a PC's devices around it, which boots a Multiboot kernel. Its time is counted in
 * instructions, one a nanosecond, and in accesses to ports, a microsecond each: with the same kernel and the same input
 * every run is the same.
 */
export class Computer {
  readonly machine: Machine;
  private readonly board: Board;
  private readonly scheduler = new Scheduler();
  private result: ComputerResult | null = null;
  /** When others could run last, in milliseconds: it counts over many short runs, too. */
  private yielded = performance.now();
  /** Whether the processors execute now. */
  private running = false;
  private inputOpen = false;
  private inputArrived: () => void = () => {};

  /** @throws KernelError EINVAL for options out of range, ENOMEM when the host cannot provide the RAM */
  constructor(options: ComputerOptions) {
    this.machine = new Machine(options);
    this.board = new Board(this.machine, this.scheduler, {
      onSerial: options.onSerial ?? (() => {}),
      end: (result) => this.end(result),
    });
  }

  /** Instructions that all processors have executed together. */
  get executed(): number {
    return this.scheduler.executed;
  }

  /**
   * Loads a Multiboot 1 kernel: processor 0 will enter it, and the others wait to be started.
   *
   * @throws MultibootError, ElfError when it cannot be loaded; then nothing has changed
   * @throws KernelError EBUSY when the computer has ended: a new one is needed
   */
  boot(kernel: Uint8Array, { commandLine = "", modules = [] }: BootOptions = {}): void {
    if (this.result !== null) throw new KernelError("EBUSY", "a computer that has ended boots nothing: make a new one");
    const { memoryMap, reserved } = this.board;
    const entry = loadMultiboot(this.machine.memory, { kernel, commandLine, modules, memoryMap, reserved });
    setMultibootState(this.machine.processors[0], entry);
  }

  /**
   * Runs until something ends it, letting other things in this process happen in between. A computer that has ended
   * does not run again; one that was stopped for `fuel` or `aborted` goes on.
   *
   * @throws KernelError EINVAL for fuel that is no positive number
   */
  async run({ fuel = Number.POSITIVE_INFINITY, signal }: RunOptions = {}): Promise<ComputerResult> {
    if (!(fuel > 0)) throw new KernelError("EINVAL", `fuel has to be a positive number of instructions, not ${fuel}`);
    const end = this.executed + fuel;
    const pauses = (): boolean => performance.now() - this.yielded > YIELD_AFTER;
    while (this.result === null) {
      if (signal?.aborted) return { kind: "aborted" };
      if (this.executed >= end) return { kind: "fuel" };
      const idle = this.advance(end - this.executed, !this.inputOpen, pauses);
      if (idle && this.inputOpen) {
        await this.waitForInput(signal);
      } else if (idle || pauses()) {
        await nextTask();
        this.yielded = performance.now();
      }
    }
    return this.result;
  }

  /**
   * Runs at once, for exactly so many instructions unless something ends it before.
   *
   * @returns null when the instructions have been executed, and it can go on
   * @throws KernelError EINVAL for what is no number of instructions, EBUSY when called from what the computer calls
   */
  runFor(instructions: number): ComputerResult | null {
    if (!(instructions >= 0)) {
      throw new KernelError("EINVAL", `instructions have to be a number from 0 on, not ${instructions}`);
    }
    const end = this.executed + instructions;
    while (this.result === null && this.executed < end) this.advance(end - this.executed, true, never);
    return this.result;
  }

  /** Puts bytes into the serial port's receiver, as if they came over its line. What the guest does not read is kept. */
  receiveSerial(bytes: Uint8Array): void {
    this.board.receiveSerial(bytes);
    this.inputArrived();
  }

  /** Bytes that came in over the serial line, and that the guest has not read. */
  get unreadSerial(): number {
    return this.board.unreadSerial;
  }

  /**
   * Says whether more input may come. As long as it may, a computer that is idle waits in real time, and is not halted
   * for good.
   */
  expectInput(open: boolean): void {
    this.inputOpen = open;
    this.inputArrived();
  }

  /** What is on the text screen, 80 x 25: lines without the blanks at their ends, and without empty ones at the end. */
  get screen(): string[] {
    return this.board.screen;
  }

  /** The state of all processors as text, for a person. */
  describe(): string {
    const describe = this.machine.processors.map((p) => `processor ${p.index}\n${describeProcessor(p)}`);
    return describe.join("\n\n");
  }

  /** Runs the processors; `result` says when that has ended. @returns whether all of them are halted for now */
  private advance(most: number, skipsIdleTime: boolean, pauses: () => boolean): boolean {
    if (this.running)
      throw new KernelError("EBUSY", "the computer is running already: it was run again by what it calls");
    this.running = true;
    try {
      return this.goOn(this.scheduler.run(most, skipsIdleTime, pauses));
    } finally {
      this.running = false;
    }
  }

  private goOn(stop: ScheduleStop): boolean {
    switch (stop.kind) {
      case "limit":
      case "stopped":
        return false;
      case "idle":
        return true;
      case "halted":
        if (this.inputOpen && this.scheduler.listens) return true;
        this.result = { kind: "halted" };
        return false;
      case "shutdown": {
        const { processor } = stop.core;
        this.result = { kind: "shutdown", processor: processor.index, report: describeProcessor(processor) };
        return false;
      }
    }
  }

  /** Waits until a device does something by itself, input arrives, or `signal` is aborted. */
  private async waitForInput(signal: AbortSignal | undefined): Promise<void> {
    const began = performance.now();
    const longest = Math.min(this.scheduler.idleTime / NANOSECONDS, LONGEST_WAIT);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, longest);
      this.inputArrived = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener("abort", this.inputArrived, { once: true });
    });
    signal?.removeEventListener("abort", this.inputArrived);
    this.inputArrived = () => {};
    this.scheduler.pass((performance.now() - began) * NANOSECONDS);
  }

  private end(result: ComputerResult): void {
    this.result ??= result;
    this.scheduler.stop();
  }
}

/** Lets other tasks of this process run. */
const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    // Browsers let a timer that follows a timer wait for 4 ms, but not a message.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

const never = (): boolean => false;
