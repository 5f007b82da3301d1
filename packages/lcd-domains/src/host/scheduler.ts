import { KernelError } from "lcd-arch-x86";
import { type Processor, TIMER_VECTOR } from "lcd-arch-x86/machine";
import type { YieldToEventLoop } from "./event-loop";
import { SeededRandom } from "./random";
import { RunQueue } from "./run-queue";
import type { Task } from "./task";

/** Linux's reschedule vector (`asm/irq_vectors.h`): it tells a processor that a more urgent task waits for it. */
export const RESCHEDULE_VECTOR = 0xfd;

/** Instructions in a time slice, when nothing else is said. */
export const DEFAULT_TIME_SLICE = 1_000_000;

/** What a timer interrupt takes from the slice of the task that it meets: one part of this many. */
const TICKS_IN_SLICE = 8;

/** Turns, and instructions, after which other JavaScript gets a chance to run. */
const TURNS_BETWEEN_YIELDS = 32;
const INSTRUCTIONS_BETWEEN_YIELDS = 2_000_000;

export interface SchedulerOptions {
  readonly processors: readonly Processor[];
  readonly yieldToEventLoop: YieldToEventLoop;
  /** Instructions in a time slice. */
  readonly timeSlice?: number;
  /** Lets chance decide which processor goes next, repeatably; without a seed they take turns. */
  readonly seed?: number;
}

/** One processor, and who wants it. */
class ProcessorState {
  readonly processor: Processor;
  readonly queue = new RunQueue();
  current: Task | null = null;
  /** The reschedule interrupt came: see who waits before `current` goes on. */
  needsReschedule = false;

  constructor(processor: Processor) {
    this.processor = processor;
  }

  get hasWork(): boolean {
    return this.current !== null || this.queue.length > 0;
  }
}

/**
 * Runs tasks on the machine's processors: strict priorities, equals take turns by time slice.
 *
 * One loop drives all processors, a turn on one after a turn on another; between turns it lets other JavaScript run.
 * The loop starts when there is work and ends when there is none.
 */
export class Scheduler {
  private readonly cpus: readonly ProcessorState[];
  private readonly yieldToEventLoop: YieldToEventLoop;
  private readonly timeSlice: number;
  private readonly random: SeededRandom | null;
  private looping = false;
  private lastCpu = -1;

  constructor(options: SchedulerOptions) {
    this.cpus = options.processors.map((processor) => new ProcessorState(processor));
    this.yieldToEventLoop = options.yieldToEventLoop;
    this.timeSlice = options.timeSlice ?? DEFAULT_TIME_SLICE;
    this.random = options.seed === undefined ? null : new SeededRandom(options.seed);
    if (!Number.isInteger(this.timeSlice) || this.timeSlice < 1 || this.timeSlice > 0xffff_ffff) {
      throw new KernelError("EINVAL", `a time slice of ${this.timeSlice} instructions: it must be 1 to 2^32 - 1`);
    }
  }

  /** How many processors there are. */
  get processorCount(): number {
    return this.cpus.length;
  }

  /** Tasks that run or could run. */
  get runnable(): number {
    return this.cpus.reduce((sum, cpu) => sum + cpu.queue.length + (cpu.current === null ? 0 : 1), 0);
  }

  /** The processor with the fewest tasks; the first of them. */
  leastLoaded(): number {
    const loads = this.cpus.map((cpu) => cpu.queue.length + (cpu.current === null ? 0 : 1));
    return loads.indexOf(Math.min(...loads));
  }

  /**
   * Makes a task runnable that is not. When it is more urgent than what its processor runs, that processor gets the
   * reschedule interrupt, which forces the running guest to exit.
   *
   * @throws KernelError EINVAL when the task is bound to a processor that does not exist
   */
  wake(task: Task): void {
    const cpu = this.cpuOf(task);
    cpu.queue.push(task);
    if (cpu.current !== null && task.priority < cpu.current.priority) {
      cpu.processor.requestInterrupt(RESCHEDULE_VECTOR);
    }
    if (!this.looping) {
      this.looping = true;
      void this.loop();
    }
  }

  /** Takes a task off its processor, whether it runs or waits for its turn. */
  remove(task: Task): void {
    const cpu = this.cpuOf(task);
    if (cpu.current === task) cpu.current = null;
    else cpu.queue.remove(task);
  }

  private cpuOf(task: Task): ProcessorState {
    const cpu = this.cpus[task.cpu];
    if (cpu === undefined)
      throw new KernelError("EINVAL", `${task.name} is bound to processor ${task.cpu}: there is none`);
    return cpu;
  }

  private async loop(): Promise<void> {
    let turns = 0;
    let instructions = 0;
    await null;
    for (let cpu = this.nextCpu(); cpu !== null; cpu = this.nextCpu()) {
      instructions += this.turn(cpu);
      turns++;
      if (turns < TURNS_BETWEEN_YIELDS && instructions < INSTRUCTIONS_BETWEEN_YIELDS) {
        await null;
        continue;
      }
      turns = 0;
      instructions = 0;
      await this.yieldToEventLoop();
    }
    this.looping = false;
  }

  /** Which processor goes next: the next in turn that has work, or one by chance. */
  private nextCpu(): ProcessorState | null {
    const count = this.cpus.length;
    const start = this.random === null ? this.lastCpu + 1 : this.random.below(count);
    for (let i = 0; i < count; i++) {
      const index = (start + i) % count;
      if (!this.cpus[index].hasWork) continue;
      this.lastCpu = index;
      return this.cpus[index];
    }
    return null;
  }

  /** Gives the task whose turn it is on `cpu` the rest of its slice. @returns instructions that retired */
  private turn(cpu: ProcessorState): number {
    this.dispatch(cpu);
    const task = cpu.current;
    if (task === null) return 0;
    let end: ReturnType<Task["run"]>;
    try {
      end = task.run(cpu.processor, task.sliceLeft);
    } catch (error) {
      cpu.current = null;
      task.fail(error);
      return 0;
    }
    task.sliceLeft = Math.max(0, task.sliceLeft - task.spent);
    if (end === "interrupted") this.acknowledge(cpu, task);
    // The task may have been taken off while it ran.
    if (cpu.current !== task) return task.spent;
    if (end === "stopped") cpu.current = null;
    else if (end !== "interrupted" || task.sliceLeft === 0) {
      cpu.current = null;
      task.sliceLeft = 0;
      cpu.queue.push(task);
    }
    return task.spent;
  }

  /** Takes the interrupts that forced `task` out of its guest. */
  private acknowledge(cpu: ProcessorState, task: Task): void {
    const { processor } = cpu;
    for (
      let vector = processor.acknowledgeInterrupt();
      vector !== undefined;
      vector = processor.acknowledgeInterrupt()
    ) {
      cpu.needsReschedule = true;
      if (vector === TIMER_VECTOR) {
        task.sliceLeft = Math.max(0, task.sliceLeft - Math.ceil(this.timeSlice / TICKS_IN_SLICE));
      }
    }
  }

  /** Chooses who runs: the current task, unless there is none, or a more urgent one waits and an interrupt told so. */
  private dispatch(cpu: ProcessorState): void {
    const { current } = cpu;
    if (current !== null && cpu.needsReschedule && (cpu.queue.best ?? current.priority) < current.priority) {
      cpu.queue.unshift(current);
      cpu.current = null;
    }
    cpu.needsReschedule = false;
    cpu.current ??= cpu.queue.shift() ?? null;
    if (cpu.current?.sliceLeft === 0) cpu.current.sliceLeft = this.timeSlice;
  }
}
