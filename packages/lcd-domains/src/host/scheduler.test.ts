import type { Processor } from "lcd-arch-x86/machine";
import { describe, expect, it } from "vitest";
import { RESCHEDULE_VECTOR, Scheduler } from "./scheduler";
import type { Task, TurnEnd } from "./task";

/** What the scheduler needs of a processor: an interrupt that is pending until it is acknowledged. */
class FakeProcessor {
  pending: number[] = [];
  requestInterrupt(vector: number): void {
    this.pending.push(vector);
  }
  acknowledgeInterrupt(): number | undefined {
    return this.pending.shift();
  }
}

function processors(count: number): Processor[] {
  return Array.from({ length: count }, () => new FakeProcessor() as unknown as Processor);
}

/** A task that has work for some instructions, and writes its name each turn. */
class Worker implements Task {
  sliceLeft = 0;
  spent = 0;
  error: unknown = null;
  constructor(
    readonly name: string,
    private work: number,
    private readonly trace: string[],
    readonly priority = 120,
    readonly cpu = 0,
    private readonly during: () => TurnEnd | null = () => null,
  ) {}
  run(processor: Processor, budget: number): TurnEnd {
    this.spent = 0;
    if ((processor as unknown as FakeProcessor).pending.length > 0) return "interrupted";
    this.trace.push(this.name);
    this.spent = Math.min(this.work, budget);
    this.work -= this.spent;
    const end = this.during();
    if (end !== null) return end;
    return this.work === 0 ? "stopped" : "expired";
  }
  fail(error: unknown): void {
    this.error = error;
  }
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
const immediately = () => Promise.resolve();

describe("the scheduler", () => {
  it("lets a task go on that a timer interrupt meets, but not longer than its slice is worth", async () => {
    const trace: string[] = [];
    const [cpu] = processors(1);
    const scheduler = new Scheduler({ processors: [cpu], yieldToEventLoop: immediately, timeSlice: 80 });
    // "slow" retires one instruction between two ticks; eight of them are a slice.
    class Slow extends Worker {
      override run(processor: Processor): TurnEnd {
        super.run(processor, 1);
        processor.requestInterrupt(0xec);
        return trace.length > 18 ? "stopped" : "interrupted";
      }
    }
    scheduler.wake(new Slow("slow", 100, trace));
    scheduler.wake(new Worker("other", 80, trace));
    await settled();
    expect(trace.indexOf("other")).toBe(8);
  });

  it("lets equals take turns, a time slice each", async () => {
    const trace: string[] = [];
    const scheduler = new Scheduler({ processors: processors(1), yieldToEventLoop: immediately, timeSlice: 10 });
    scheduler.wake(new Worker("a", 25, trace));
    scheduler.wake(new Worker("b", 15, trace));
    await settled();
    expect(trace.join(" ")).toBe("a b a b a");
    expect(scheduler.runnable).toBe(0);
  });

  it("runs nothing while something more urgent can run", async () => {
    const trace: string[] = [];
    const scheduler = new Scheduler({ processors: processors(1), yieldToEventLoop: immediately, timeSlice: 10 });
    scheduler.wake(new Worker("low", 20, trace, 130));
    scheduler.wake(new Worker("high", 30, trace, 10));
    await settled();
    expect(trace.join(" ")).toBe("high high high low low");
  });

  it("sends the reschedule interrupt when something more urgent wakes, and goes on with the first afterwards", async () => {
    const trace: string[] = [];
    const [processor] = processors(1);
    const scheduler = new Scheduler({ processors: [processor], yieldToEventLoop: immediately, timeSlice: 10 });
    let sent: number[] = [];
    const high = new Worker("high", 5, trace, 10);
    let woken = false;
    const low = new Worker("low", 10, trace, 130, 0, () => {
      if (woken) return null;
      woken = true;
      scheduler.wake(high);
      sent = [...(processor as unknown as FakeProcessor).pending];
      return "interrupted";
    });
    scheduler.wake(low);
    await settled();
    expect(sent).toEqual([RESCHEDULE_VECTOR]);
    expect(trace.join(" ")).toBe("low high low");
  });

  it("does not preempt for an equal", async () => {
    const trace: string[] = [];
    const [processor] = processors(1);
    const scheduler = new Scheduler({ processors: [processor], yieldToEventLoop: immediately, timeSlice: 10 });
    scheduler.wake(
      new Worker("a", 20, trace, 120, 0, () => {
        if (trace.length === 1) scheduler.wake(new Worker("b", 5, trace));
        return null;
      }),
    );
    await settled();
    expect((processor as unknown as FakeProcessor).pending).toEqual([]);
    expect(trace.join(" ")).toBe("a b a");
  });

  it("runs on all processors by turns", async () => {
    const trace: string[] = [];
    const scheduler = new Scheduler({ processors: processors(2), yieldToEventLoop: immediately, timeSlice: 10 });
    scheduler.wake(new Worker("a0", 20, trace, 120, 0));
    scheduler.wake(new Worker("b1", 20, trace, 120, 1));
    await settled();
    expect(trace.join(" ")).toBe("a0 b1 a0 b1");
  });

  it("runs the same way for the same seed, and not for every other", async () => {
    const run = async (seed: number) => {
      const trace: string[] = [];
      const scheduler = new Scheduler({ processors: processors(3), yieldToEventLoop: immediately, timeSlice: 1, seed });
      for (let cpu = 0; cpu < 3; cpu++) scheduler.wake(new Worker(`${cpu}`, 10, trace, 120, cpu));
      await settled();
      return trace.join("");
    };
    expect(await run(1)).toBe(await run(1));
    expect(new Set([await run(1), await run(2), await run(3)]).size).toBeGreaterThan(1);
  });

  it("lets other JavaScript run while a task never ends", async () => {
    const trace: string[] = [];
    const scheduler = new Scheduler({
      processors: processors(1),
      yieldToEventLoop: () => new Promise((resolve) => setImmediate(resolve)),
      timeSlice: 1000,
    });
    const endless = new Worker("x", Number.POSITIVE_INFINITY, trace);
    scheduler.wake(endless);
    await settled();
    scheduler.remove(endless);
    const turns = trace.length;
    expect(turns).toBeGreaterThan(1);
    await settled();
    expect(trace.length).toBe(turns);
  });

  it("tells a task that the host failed while it ran, and goes on with the others", async () => {
    const trace: string[] = [];
    const scheduler = new Scheduler({ processors: processors(1), yieldToEventLoop: immediately });
    const broken = new Worker("broken", 1, trace, 120, 0, () => {
      throw new Error("host error");
    });
    scheduler.wake(broken);
    scheduler.wake(new Worker("next", 1, trace));
    await settled();
    expect(broken.error).toEqual(new Error("host error"));
    expect(trace.join(" ")).toBe("broken next");
  });
});
