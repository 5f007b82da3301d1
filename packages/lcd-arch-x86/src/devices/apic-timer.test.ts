import { describe, expect, it } from "vitest";
import { nextTick } from "./apic-timer";
import { ApicRegister as R } from "./local-apic-registers";
import { type TestApic, TestApics } from "./test-apics";

const MASKED = 1 << 16;
const PERIODIC = 1 << 17;
const TSC_DEADLINE = 2 << 17;
/** Divide configuration 1011b: divide by 1. */
const BY_ONE = 0b1011;

const one = (): { apic: TestApic; machine: TestApics } => {
  const machine = new TestApics(1);
  return { apic: machine.apics[0], machine };
};

describe("the timer (SDM 3A, APIC Timer)", () => {
  it("counts down nanoseconds, interrupts once in one-shot mode, and stays at 0", () => {
    const { apic, machine } = one();
    apic.write(R.divideConfiguration, BY_ONE);
    apic.write(R.lvtTimer, 0x40);
    apic.write(R.initialCount, 5000);
    machine.clock.pass(1);
    expect(apic.read(R.currentCount)).toBe(4999);
    machine.clock.pass(4998);
    expect([apic.read(R.currentCount), apic.drain()]).toEqual([1, []]);
    machine.clock.pass(1);
    expect([apic.read(R.currentCount), apic.drain()]).toEqual([0, [0x40]]);
    machine.clock.pass(20000);
    expect([apic.read(R.currentCount), apic.drain()]).toEqual([0, []]);
    expect(apic.read(R.initialCount)).toBe(5000);
  });

  it.each([
    [0b0000, 2],
    [0b0001, 4],
    [0b0010, 8],
    [0b0011, 16],
    [0b1000, 32],
    [0b1001, 64],
    [0b1010, 128],
    [0b1011, 1],
  ])("divides by what divide configuration %i says: %i", (configuration, divisor) => {
    const { apic, machine } = one();
    apic.write(R.divideConfiguration, configuration);
    apic.write(R.initialCount, 100_000);
    machine.clock.pass(1000 * divisor);
    expect(apic.read(R.currentCount)).toBe(99_000);
  });

  it("starts again by itself in periodic mode, until the initial count is 0", () => {
    const { apic, machine } = one();
    apic.write(R.divideConfiguration, BY_ONE);
    apic.write(R.lvtTimer, PERIODIC | 0x40);
    apic.write(R.initialCount, 3000);
    const seen: number[][] = [];
    for (let round = 0; round < 3; round++) {
      machine.clock.pass(3000);
      seen.push([apic.read(R.currentCount), ...apic.drain()]);
    }
    expect(seen).toEqual([
      [3000, 0x40],
      [3000, 0x40],
      [3000, 0x40],
    ]);
    apic.write(R.initialCount, 0);
    machine.clock.pass(10_000);
    expect([apic.read(R.currentCount), apic.drain()]).toEqual([0, []]);
    expect(machine.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it("counts on when it changes between one-shot and periodic, and stays at 0 when it was there", () => {
    const { apic, machine } = one();
    apic.write(R.divideConfiguration, BY_ONE);
    apic.write(R.lvtTimer, 0x40);
    apic.write(R.initialCount, 10_000);
    machine.clock.pass(7000);
    apic.write(R.lvtTimer, PERIODIC | 0x40);
    expect(apic.read(R.currentCount)).toBe(3000);
    machine.clock.pass(4000);
    expect(apic.read(R.currentCount)).toBe(9000);
    apic.write(R.lvtTimer, 0x40);
    expect(apic.read(R.currentCount)).toBe(9000);
    machine.clock.pass(20_000);
    apic.write(R.lvtTimer, PERIODIC | 0x40);
    expect(apic.read(R.currentCount)).toBe(0);
  });

  it("does not interrupt while masked", () => {
    const { apic, machine } = one();
    apic.write(R.lvtTimer, MASKED | 0x40);
    apic.write(R.initialCount, 1000);
    machine.clock.pass(10_000);
    expect(apic.drain()).toEqual([]);
  });

  it("wakes the host at most once in 1000 ns, however short the period", () => {
    const { apic, machine } = one();
    apic.write(R.divideConfiguration, BY_ONE);
    apic.write(R.lvtTimer, PERIODIC | 0x40);
    apic.write(R.initialCount, 1);
    machine.clock.pass(1_000_000);
    // Each deadline is at least 1000 ns behind the one before: at most 1000 of them, and one at the start.
    expect(apic.interrupts).toBeLessThanOrEqual(1001);
    expect(apic.interrupts).toBeGreaterThan(990);
    expect(apic.read(R.currentCount)).toBe(1);
  });

  it("ticks in time when it is in time, and otherwise at the first tick that can be served", () => {
    expect(nextTick(5000, 2000, 5000)).toBe(7000);
    expect(nextTick(5000, 2000, 5999)).toBe(7000);
    expect(nextTick(5000, 2000, 9500)).toBe(11000);
    // A tick that comes late does not delay the next.
    expect(nextTick(5000, 1500, 5900)).toBe(6500);
    // 1000 ns after 5000, rounded up to a multiple of 3 ns from there: 334 * 3.
    expect(nextTick(5000, 3, 5000)).toBe(6002);
  });

  it("expires once, though its count was written in a loop", () => {
    const { apic, machine } = one();
    apic.write(R.lvtTimer, 0x40);
    for (let round = 0; round < 10_000; round++) apic.write(R.initialCount, 1000 + round);
    const before = apic.interrupts;
    machine.clock.pass(1_000_000);
    expect(apic.interrupts - before).toBe(1);
  });

  it("interrupts when the TSC reaches IA32_TSC_DEADLINE, which is 0 then", () => {
    const { apic, machine } = one();
    apic.tscAdjust = 1_000_000n;
    apic.write(R.lvtTimer, TSC_DEADLINE | 0x40);
    apic.apic.writeTscDeadline(1_002_000n);
    expect(apic.apic.readTscDeadline()).toBe(1_002_000n);
    machine.clock.pass(1999);
    expect(apic.drain()).toEqual([]);
    machine.clock.pass(1);
    expect([apic.drain(), apic.apic.readTscDeadline()]).toEqual([[0x40], 0n]);
  });

  it("moves with the TSC when software writes it, and is disarmed by 0 and by a change of the mode", () => {
    const { apic, machine } = one();
    apic.write(R.lvtTimer, TSC_DEADLINE | 0x40);
    apic.apic.writeTscDeadline(5000n);
    apic.tscAdjust = 4000n;
    apic.apic.tscChanged();
    expect(machine.clock.nextDeadline()).toBe(1000);
    apic.apic.writeTscDeadline(0n);
    expect(machine.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    apic.apic.writeTscDeadline(9000n);
    apic.write(R.lvtTimer, 0x40);
    expect([machine.clock.nextDeadline(), apic.apic.readTscDeadline()]).toEqual([Number.POSITIVE_INFINITY, 0n]);
  });

  it("ignores the initial count in TSC-deadline mode, and IA32_TSC_DEADLINE in the others", () => {
    const { apic, machine } = one();
    apic.apic.writeTscDeadline(5000n);
    expect(apic.apic.readTscDeadline()).toBe(0n);
    apic.write(R.lvtTimer, TSC_DEADLINE | 0x40);
    apic.write(R.initialCount, 5000);
    expect([apic.read(R.initialCount), apic.read(R.currentCount)]).toEqual([0, 0]);
    expect(machine.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});
