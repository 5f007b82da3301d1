import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Clock, type ClockEvent } from "./clock";
import { TestClock } from "./test-clock";

describe("the machine's clock", () => {
  it("lets events happen in the order of their times, and of scheduling where times are equal", () => {
    const clock = new TestClock();
    const seen: string[] = [];
    for (const [at, name] of [
      [30, "d"],
      [10, "a"],
      [20, "b"],
      [20, "c"],
    ] as const) {
      clock.schedule(at, () => seen.push(name));
    }
    expect(clock.nextDeadline()).toBe(10);
    clock.pass(29);
    expect(seen).toEqual(["a", "b", "c"]);
    expect(clock.nextDeadline()).toBe(30);
    clock.pass(1);
    expect(seen).toEqual(["a", "b", "c", "d"]);
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it("forgets cancelled events at once, and lets a second cancel do nothing", () => {
    const clock = new TestClock();
    const event = clock.schedule(5, () => expect.fail("was cancelled"));
    clock.schedule(6, () => undefined);
    clock.cancel(event);
    clock.cancel(event);
    expect(clock.nextDeadline()).toBe(6);
    clock.pass(10);
    clock.cancel(event);
  });

  it("moves what is scheduled for the past to the next nanosecond, so that running what is due ends", () => {
    const clock = new TestClock();
    let count = 0;
    const again = (): void => {
      count++;
      clock.schedule(0, again);
    };
    clock.schedule(0, again);
    clock.jump(100);
    expect(count).toBe(1);
    expect(clock.nextDeadline()).toBe(101);
  });

  it("is the sum of the time in which processors ran and of that in which the machine was idle", () => {
    let retired = 7;
    const clock = new Clock(() => retired);
    clock.runDue(50);
    retired += 10;
    expect(clock.now()).toBe(60);
  });

  it("lets nothing happen when a nanosecond could no longer be told from the next", () => {
    const clock = new TestClock();
    clock.cancel(clock.schedule(2 ** 60, () => expect.fail("too far away")));
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it("agrees with a sorted list, whatever is scheduled and cancelled", () => {
    const commands = fc.array(fc.tuple(fc.constantFrom("schedule", "cancel", "pass"), fc.nat(50)), { maxLength: 200 });
    fc.assert(
      fc.property(commands, (list) => {
        const clock = new TestClock();
        const happened: number[] = [];
        const expected: number[] = [];
        const events: ClockEvent[] = [];
        let waiting: { id: number; at: number }[] = [];
        for (const [command, n] of list) {
          if (command === "schedule") {
            const id = events.length;
            waiting.push({ id, at: clock.now() + Math.max(n, 1) });
            events.push(clock.schedule(clock.now() + n, () => happened.push(id)));
          } else if (command === "cancel" && n < events.length) {
            clock.cancel(events[n]);
            waiting = waiting.filter(({ id }) => id !== n);
          } else if (command === "pass") {
            clock.pass(n);
            const due = waiting.filter(({ at }) => at <= clock.now()).sort((a, b) => a.at - b.at || a.id - b.id);
            expected.push(...due.map(({ id }) => id));
            waiting = waiting.filter(({ at }) => at > clock.now());
          }
          expect(clock.nextDeadline()).toBe(Math.min(...waiting.map(({ at }) => at)));
        }
        expect(happened).toEqual(expected);
      }),
    );
  });
});
