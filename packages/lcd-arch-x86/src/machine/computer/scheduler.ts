import { Clock } from "../../devices/clock";
import type { Core } from "./core";

/** Instructions that a processor executes before the next one has its turn. */
const TURN = 20_000;

/**
 * A processor that has executed so many PAUSE instructions in its turn waits for another one, and the turn is over. When
 * none is awake it has as many as it likes.
 */
const PAUSES = 16;
const ANY_NUMBER = 0xffffffff;

/**
 * How long a computer waits, in nanoseconds of its own time, when all processors are halted: with interrupts off only
 * for an NMI, else for a device to interrupt. Devices may tick for ever without interrupting anybody; as a timer can do
 * so each microsecond, deadlines are counted, too: so many are a second of the host's time.
 */
const Patience = { deaf: 1e9, listening: 3600e9, deadlines: 2_000_000 } as const;

/** Deadlines to which `run` goes on at once while all processors are halted. */
const MAX_SKIPS = 1000;

/** The most nanoseconds by which the clock may be behind the time outside while all processors are halted. */
const LONGEST_DEBT = 1e9;

/** Why `run` came back. */
export type ScheduleStop =
  /** As many instructions have been executed as were allowed. */
  | { readonly kind: "limit" }
  /** All processors are halted; an interrupt may come by itself, or never. */
  | { readonly kind: "idle" }
  /** All processors are halted, and nothing will wake them. */
  | { readonly kind: "halted" }
  | { readonly kind: "shutdown"; readonly core: Core }
  /** Somebody has called `stop`. */
  | { readonly kind: "stopped" };

/**
 * Lets processors take turns on one clock, on which each instruction, whoever executes it, takes a nanosecond, and what it
 * waits for the bus. A turn
 * ends early when a device's deadline has come, so that devices act exactly then. Nothing depends on the time of the
 * computer that this runs on: the same start gives the same run.
 */
export class Scheduler {
  readonly clock = new Clock(() => this.executed);
  private readonly cores: Core[] = [];
  private executedBefore = 0;
  private current: Core | null = null;
  /** Instructions that `current` had retired when it began. */
  private began = 0;
  /** Whose turn it is, and how much of it is left. */
  private turn = 0;
  private turnLeft = TURN;
  /** When a processor executed something last, in nanoseconds, and the deadlines that have come since. */
  private lastActive = 0;
  private deadlines = 0;
  /** Nanoseconds that have passed outside, and not yet here. */
  private debt = 0;
  private stopped = false;

  add(core: Core): void {
    core.pausesLeft = ANY_NUMBER;
    this.cores.push(core);
  }

  /** Instructions that all processors have executed together, until this moment. */
  get executed(): number {
    return this.executedBefore + (this.current === null ? 0 : this.current.processor.retired - this.began);
  }

  /** Lets `run` come back after the instruction that is being executed. */
  stop(): void {
    this.stopped = true;
    this.current?.processor.stopSoon();
  }

  /**
   * Runs the processors.
   *
   * @param most instructions that may be executed; exactly so many are when that is why it comes back
   * @param skipsIdleTime while all are halted, goes on at the next deadline, though not for ever; else only to those
   *   that have come outside: `pass` says so
   * @param pauses asked now and then whether to come back; what is executed when does not depend on it
   */
  run(most: number, skipsIdleTime: boolean, pauses: () => boolean): ScheduleStop {
    const end = this.executedBefore + most;
    const { clock } = this;
    let skips = 0;
    while (!this.stopped) {
      clock.runDue(clock.now());
      if (this.executedBefore >= end) return { kind: "limit" };
      const core = this.next();
      if (this.stopped) break;
      if (core === null) {
        if (!this.mayWake()) return { kind: "halted" };
        // Who hears nothing is not kept waiting in the time outside.
        const waits = !skipsIdleTime && this.listens && this.debt < this.idleTime;
        if (waits || skips++ === MAX_SKIPS) return { kind: "idle" };
        this.skip();
      } else if (!this.take(core, end - this.executedBefore, pauses)) {
        return { kind: "shutdown", core };
      }
      if (pauses()) return { kind: "limit" };
    }
    this.stopped = false;
    return { kind: "stopped" };
  }

  /** Nanoseconds until a device does something by itself; Infinity when none will. */
  get idleTime(): number {
    return this.clock.nextDeadline() - this.clock.now();
  }

  /**
   * Lets the time that has passed outside pass here, while all are halted: up to the next deadline at once, and what is
   * left in `run`.
   */
  pass(nanoseconds: number): void {
    this.debt = Math.min(this.debt + nanoseconds, LONGEST_DEBT);
    this.skip(this.debt);
  }

  /** Goes on to the next deadline, or by so many nanoseconds if it is later. */
  private skip(most = Number.MAX_SAFE_INTEGER): void {
    const time = Math.floor(Math.min(most, this.idleTime));
    this.clock.runDue(this.clock.now() + time);
    this.debt = Math.max(0, this.debt - time);
    this.deadlines++;
  }

  /** The processor that runs next: the one whose turn it is, as long as it has one. */
  private next(): Core | null {
    const { cores } = this;
    for (let tried = 0; tried <= cores.length; tried++) {
      if (this.turnLeft > 0 && cores[this.turn].wakes()) return cores[this.turn];
      this.beginTurn((this.turn + 1) % cores.length);
    }
    return null;
  }

  private beginTurn(turn: number): void {
    this.turn = turn;
    this.turnLeft = TURN;
    const othersAwake = this.cores.some(({ activity }, index) => index !== turn && activity === "running");
    this.cores[turn].pausesLeft = othersAwake ? PAUSES : ANY_NUMBER;
  }

  /** Lets a processor run. @returns false when it has shut down */
  private take(core: Core, most: number, pauses: () => boolean): boolean {
    const { processor } = core;
    processor.timeElsewhere = this.clock.now() - processor.retired;
    this.began = processor.retired;
    this.current = core;
    // A processor that is alone needs no turns.
    const turn = this.cores.length === 1 ? Number.POSITIVE_INFINITY : this.turnLeft;
    const stop = processor.run(Math.min(most, turn), pauses);
    this.current = null;
    const executed = processor.retired - this.began;
    this.executedBefore += executed;
    this.turnLeft = core.pausesLeft === 0 ? 0 : this.turnLeft - executed;
    this.lastActive = this.clock.now();
    this.deadlines = 0;
    if (stop.kind === "halted") core.activity = "halted";
    return stop.kind !== "shutdown" && stop.kind !== "exception";
  }

  /** Whether an interrupt would wake a processor that is halted. */
  get listens(): boolean {
    return this.cores.some((core) => core.listens);
  }

  private mayWake(): boolean {
    const patience = this.listens ? Patience.listening : Patience.deaf;
    return this.clock.nextDeadline() - this.lastActive <= patience && this.deadlines < Patience.deadlines;
  }
}
