import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PortBus } from "./bus";
import { Rtc } from "./rtc";
import { TestClock } from "./test-clock";

const [SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY] = [0, 2, 4, 6, 7, 8, 9, 0x32];
const [A, B, C, D] = [0x0a, 0x0b, 0x0c, 0x0d];
const TIME = [CENTURY, YEAR, MONTH, DAY, WEEKDAY, HOURS, MINUTES, SECONDS];
const SECOND = 1_000_000_000;

let clock: TestClock;
let ports: PortBus;
let rtc: Rtc;
let irq: boolean;

const write = (register: number, value: number): void => {
  ports.writePort(0x70, 1, register);
  ports.writePort(0x71, 1, value);
};
const read = (register: number): number => {
  ports.writePort(0x70, 1, register);
  return ports.readPort(0x71, 1);
};
const time = (): string => TIME.map((register) => read(register).toString(16).padStart(2, "0")).join(" ");

/** Makes a clock that is switched on at a time, with some RAM. */
const make = (start?: string, memory = 128 << 20): void => {
  clock = new TestClock();
  ports = new PortBus();
  irq = false;
  rtc = new Rtc({
    clock,
    memory,
    start: start === undefined ? undefined : new Date(start),
    irq: {
      set: (level) => {
        irq = level;
      },
    },
  });
  rtc.connect(ports);
};

beforeEach(() => make("2024-02-28T23:59:58Z"));

describe("the time of day", () => {
  it("is BCD in 24 hours, and knows leap years; 28 February 2024 was a Wednesday", () => {
    expect(time()).toBe("20 24 02 28 04 23 59 58");
    clock.pass(2 * SECOND);
    expect(time()).toBe("20 24 02 29 05 00 00 00");
    clock.jump(24 * 3600 * SECOND);
    expect(time()).toBe("20 24 03 01 06 00 00 00");
  });

  it("starts with 2025 when nothing else is said, so that runs repeat", () => {
    make();
    expect(time()).toBe("20 25 01 01 04 00 00 00");
  });

  it("is binary with DM", () => {
    write(B, 0x06);
    for (const [register, value] of [
      [CENTURY, 19],
      [YEAR, 99],
      [MONTH, 12],
      [DAY, 31],
      [HOURS, 23],
      [MINUTES, 59],
      [SECONDS, 59],
    ]) {
      write(register, value);
    }
    clock.pass(SECOND);
    expect(TIME.map(read)).toEqual([20, 0, 1, 1, 7, 0, 0, 0]);
  });

  it.each([
    ["11 pm becomes 12 am", 0x91, 0x12],
    ["11 am becomes 12 pm", 0x11, 0x92],
    ["12 pm becomes 1 pm", 0x92, 0x81],
    ["12 am becomes 1 am", 0x12, 0x01],
  ])("has 12 hours with bit 7 for pm when 24/12 is clear: %s", (_text, before, after) => {
    write(B, 0x00);
    write(HOURS, before);
    clock.pass(2 * SECOND);
    expect(read(HOURS)).toBe(after);
  });

  it("stands still while SET or a stopped divider say so", () => {
    write(B, 0x82);
    clock.pass(10 * SECOND);
    expect(read(SECONDS)).toBe(0x58);
    write(B, 0x02);
    clock.pass(SECOND);
    expect(read(SECONDS)).toBe(0x59);
    write(A, 0x76);
    clock.pass(10 * SECOND);
    expect(read(SECONDS)).toBe(0x59);
  });

  it("is updated 500 ms after the divider was started (MC146818, Divider Control)", () => {
    write(A, 0x66);
    clock.pass(SECOND / 4);
    write(A, 0x26);
    clock.pass(SECOND / 2 - 1);
    expect(read(SECONDS)).toBe(0x58);
    clock.pass(1);
    expect(read(SECONDS)).toBe(0x59);
  });

  it("warns 244 us before an update with UIP", () => {
    clock.pass(SECOND - 244_001);
    expect(read(A)).toBe(0x26);
    clock.pass(1);
    expect(read(A)).toBe(0xa6);
    clock.pass(244_000);
    expect(read(A)).toBe(0x26);
  });
});

describe("interrupts (MC146818, Interrupts)", () => {
  it.each([
    [3, 122_071],
    [6, 976_563],
    [15, 500_000_000],
    [1, 3_906_250],
    [2, 7_812_500],
  ])("are periodic at rate %i, each %i ns, until C is read", (rate, period) => {
    write(A, 0x20 | rate);
    write(B, 0x42);
    clock.pass(period - 1);
    expect(irq).toBe(false);
    clock.pass(1);
    expect([irq, read(C)]).toEqual([true, 0xc0]);
    expect([irq, read(C)]).toEqual([false, 0]);
    clock.pass(period);
    expect(irq).toBe(true);
  });

  it("are none at rate 0", () => {
    write(A, 0x20);
    write(B, 0x42);
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  it("come after each update", () => {
    write(0x05, 0x12);
    write(A, 0x20);
    write(B, 0x12);
    clock.pass(SECOND);
    expect([irq, read(C)]).toEqual([true, 0x90]);
    clock.pass(SECOND);
    expect([irq, read(C)]).toEqual([true, 0x90]);
  });

  it("come at the time of the alarm, in which bytes from 0xc0 on match always", () => {
    write(A, 0x20);
    for (const [register, value] of [
      [1, 0x05],
      [3, 0x00],
      [5, 0xff],
    ]) {
      write(register, value);
    }
    write(B, 0x22);
    clock.pass(6 * SECOND);
    expect(irq).toBe(false);
    clock.pass(SECOND);
    expect([irq, read(C)]).toEqual([true, 0xb0]);
    clock.pass(3599 * SECOND);
    expect(irq).toBe(false);
    clock.pass(SECOND);
    expect(irq).toBe(true);
  });

  it("leave flags that are not enabled to be polled", () => {
    clock.pass(SECOND);
    expect(irq).toBe(false);
    // 23:59:59 is not the alarm's 00:00:00.
    expect(read(C)).toBe(0x50);
    clock.pass(SECOND);
    expect([read(C), read(C)]).toEqual([0x70, 0]);
  });

  it("do not wake the machine again before C has been read", () => {
    write(A, 0x23);
    write(B, 0x42);
    clock.pass(SECOND);
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    read(C);
    expect(clock.nextDeadline()).toBeLessThanOrEqual(SECOND + 122_071);
  });
});

describe("memory", () => {
  it("keeps what is written, but not over C and D", () => {
    write(0x40, 0x99);
    write(C, 0xff);
    write(D, 0);
    expect([read(0x40), read(C), read(D)]).toEqual([0x99, 0, 0x80]);
  });

  it("says how much RAM there is", () => {
    // 128 MiB: 640 KiB; at most 0xffff KiB above 1 MiB; 112 MiB = 0x700 * 64 KiB above 16 MiB; none above 4 GiB.
    const bytes = [0x15, 0x16, 0x17, 0x18, 0x30, 0x31, 0x34, 0x35, 0x5b, 0x5c, 0x5d].map(read);
    expect(bytes).toEqual([0x80, 0x02, 0xff, 0xff, 0xff, 0xff, 0x00, 0x07, 0, 0, 0]);
    make(undefined, 8 << 20);
    // 8 MiB: 7 MiB = 0x1c00 KiB above 1 MiB.
    expect([0x17, 0x18, 0x34, 0x35].map(read)).toEqual([0x00, 0x1c, 0, 0]);
  });
});

it("keeps NMI away with bit 7 of port 0x70", () => {
  ports.writePort(0x70, 1, 0x8f);
  expect([rtc.nmiMasked(), ports.readPort(0x70, 1)]).toEqual([true, 0xff]);
  ports.writePort(0x70, 1, 0x0f);
  expect(rtc.nmiMasked()).toBe(false);
});

it("survives any writes, and wakes the machine no more often than each 122 us", () => {
  const step = fc.tuple(fc.nat(0x3f), fc.nat(0xff), fc.nat(3_000_000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      make();
      let woken = 0;
      for (const [register, value, ns] of steps) {
        write(register, value);
        const end = clock.now() + ns * ((value & 7) + 1);
        for (; clock.nextDeadline() <= end; woken++) clock.runDue(clock.nextDeadline());
        clock.runDue(end);
        expect(read(value & 0x7f)).toBeLessThanOrEqual(0xff);
      }
      expect(woken).toBeLessThanOrEqual(steps.length * 2 + clock.now() / 122_070);
    }),
  );
});
