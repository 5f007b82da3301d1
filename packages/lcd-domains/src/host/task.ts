import type { Processor } from "lcd-arch-x86/machine";

/** Priorities run from 0, the most urgent, to 139; most have the one in the middle of Linux's range. */
export const DEFAULT_PRIORITY = 120;
export const LOWEST_PRIORITY = 139;

/**
 * How a turn on a processor ended.
 *
 * - `expired`: all of it was used
 * - `yielded`: the task gave the rest away
 * - `interrupted`: an interrupt forced an exit, the rest is still its own
 * - `stopped`: it waits or is dead, and must be woken to run again
 */
export type TurnEnd = "expired" | "yielded" | "interrupted" | "stopped";

/** What a scheduler runs on a processor: it has no JavaScript stack, so between turns it is only state. */
export interface Task {
  readonly name: string;
  /** A lower number is more urgent. */
  readonly priority: number;
  /** Index of the processor that it is bound to. */
  readonly cpu: number;
  /**
   * Runs until `budget` instructions have retired, or something ends the turn before.
   * `spent` holds the number that did retire.
   */
  run(processor: Processor, budget: number): TurnEnd;
  /** What the last turn took of the slice: instructions that retired, and work that the host did for the task. */
  readonly spent: number;
  /** Instructions left of its time slice; 0 at first. The scheduler's own. */
  sliceLeft: number;
  /** Told when `run` threw: an error of the host, not of the task. The task is out of the scheduler by then. */
  fail(error: unknown): void;
}
