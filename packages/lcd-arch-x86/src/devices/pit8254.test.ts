import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PortBus } from "./bus";
import { Pit8254 } from "./pit8254";
import { TestClock } from "./test-clock";

let clock: TestClock;
let ports: PortBus;
let level: boolean;
let rises: number;

const write = (port: number, ...values: number[]): void => {
  for (const value of values) ports.writePort(port, 1, value);
};
const read = (port: number): number => ports.readPort(port, 1);

/** Lets the time come at which CLK has had `periods` of its periods since the machine was switched on. */
const at = (periods: number): void => clock.pass(Math.ceil((periods * 1e9) / 1_193_182) - clock.now());

/** Latches and reads a count of two bytes. */
const count = (counter: number): number => {
  write(0x43, counter << 6);
  const low = read(0x40 + counter);
  return low | (read(0x40 + counter) << 8);
};

/** Counter 2's OUT, which port 0x61 shows in bit 5. */
const output2 = (): boolean => (read(0x61) & 0x20) !== 0;
const gate2 = (gate: boolean): void => write(0x61, gate ? 1 : 0);

/** OUT of counter 2, from one period of CLK to another: a letter for each. */
const wave = (from: number, to: number): string => {
  let letters = "";
  for (let period = from; period < to; period++) {
    at(period);
    letters += output2() ? "H" : "L";
  }
  return letters;
};

/** Programs counter 2: control word for 16-bit binary counting, and count. */
const program = (mode: number, value: number): void => {
  write(0x43, 0xb0 | (mode << 1));
  write(0x42, value & 0xff, value >> 8);
};

beforeEach(() => {
  clock = new TestClock();
  ports = new PortBus();
  level = false;
  rises = 0;
  const pit = new Pit8254(clock, {
    set: (high) => {
      if (high && !level) rises++;
      level = high;
    },
  });
  pit.connect(ports);
  gate2(true);
});

// A count that is written in period 0 is loaded in period 1; waves are those of the data sheet's figures.
describe("modes (8254, Mode Definitions)", () => {
  it("0: OUT is low until N + 1 periods after the count was written", () => {
    program(0, 4);
    expect(wave(0, 8)).toBe("LLLLLHHH");
  });

  it("0: GATE low stops counting", () => {
    program(0, 4);
    at(3);
    gate2(false);
    at(10);
    expect([output2(), count(2)]).toEqual([false, 2]);
    gate2(true);
    expect(wave(10, 14)).toBe("LLHH");
  });

  it("0: the first byte of a new count stops counting, and OUT goes low", () => {
    program(0, 2);
    at(5);
    expect(output2()).toBe(true);
    write(0x42, 4);
    expect(wave(5, 20)).toBe("LLLLLLLLLLLLLLL");
    write(0x42, 0);
    // Written in period 19, loaded in 20, counted in 24.
    expect(wave(20, 26)).toBe("LLLLHH");
  });

  it("1: a rising GATE makes OUT low for N periods, and does so again", () => {
    gate2(false);
    program(1, 3);
    expect(wave(0, 3)).toBe("HHH");
    gate2(true);
    expect(wave(3, 7)).toBe("LLLH");
    gate2(false);
    gate2(true);
    at(8);
    gate2(false);
    gate2(true);
    expect(wave(9, 13)).toBe("LLLH");
  });

  it("2: OUT is low in the last of each N periods", () => {
    program(2, 3);
    expect(wave(1, 11)).toBe("HHLHHLHHLH");
  });

  it("2: a new count is used when the period ends", () => {
    program(2, 4);
    at(2);
    write(0x42, 2, 0);
    expect(wave(2, 11)).toBe("HHLHLHLHL");
  });

  it("2: GATE low makes OUT high; when it rises, a period starts", () => {
    program(2, 3);
    at(3);
    expect(output2()).toBe(false);
    gate2(false);
    expect(wave(3, 9)).toBe("HHHHHH");
    gate2(true);
    expect(wave(9, 15)).toBe("HHLHHL");
  });

  it("3: OUT is high for half of N periods, rounded up", () => {
    program(3, 4);
    expect(wave(1, 9)).toBe("HHLLHHLL");
    program(3, 5);
    expect(wave(9, 19)).toBe("HHHLLHHHLL");
  });

  it("3: counts by two", () => {
    write(0x43, 0x36);
    write(0x40, 8, 0);
    const counts = [1, 2, 3, 4, 5, 6].map((period) => {
      at(period);
      return count(0);
    });
    expect(counts).toEqual([8, 6, 4, 2, 8, 6]);
  });

  it("4: OUT is low for one period, N + 1 periods after the count was written", () => {
    program(4, 3);
    expect(wave(0, 8)).toBe("HHHHLHHH");
  });

  it("5: a rising GATE does the same", () => {
    gate2(false);
    program(5, 3);
    expect(wave(0, 6)).toBe("HHHHHH");
    gate2(true);
    expect(wave(6, 12)).toBe("HHHLHH");
  });

  it("6 and 7 are 2 and 3", () => {
    program(6, 3);
    expect(wave(1, 7)).toBe("HHLHHL");
    program(7, 4);
    expect(wave(7, 11)).toBe("HHLL");
  });
});

describe("counts", () => {
  it("of 0 are 65536, or 10000 in BCD", () => {
    program(0, 0);
    at(1 + 65535);
    expect(output2()).toBe(false);
    at(1 + 65536);
    expect(output2()).toBe(true);
    write(0x43, 0xb1);
    write(0x42, 0, 0);
    at(65537 + 1 + 9999);
    expect([output2(), count(2)]).toEqual([false, 0x0001]);
    at(65537 + 1 + 10_000);
    expect(output2()).toBe(true);
  });

  it("are decimal digits in BCD", () => {
    write(0x43, 0x31);
    write(0x40, 0x34, 0x12);
    at(1 + 35);
    expect(count(0)).toBe(0x1199);
  });

  it("go on below 0 in mode 0", () => {
    program(0, 4);
    at(1 + 6);
    expect(count(2)).toBe(0xfffe);
  });

  it("can be one byte, low or high, the other being 0", () => {
    write(0x43, 0x90);
    write(0x42, 0x34);
    at(1);
    expect([read(0x42), read(0x42)]).toEqual([0x34, 0x34]);
    write(0x43, 0xa0);
    write(0x42, 0x12);
    at(2);
    expect(read(0x42)).toBe(0x12);
    at(3);
    expect(read(0x42)).toBe(0x11);
  });

  it("are held by the latch command until they are read, whatever else is latched", () => {
    program(0, 0x1234);
    at(1);
    write(0x43, 0x80);
    at(100);
    write(0x43, 0x80);
    expect([read(0x42), read(0x42)]).toEqual([0x34, 0x12]);
    expect(count(2)).toBe(0x1234 - 99);
  });
});

describe("the read-back command (8254, Read-Back Command)", () => {
  it("latches status: OUT, null count, and the control word", () => {
    program(3, 100);
    write(0x43, 0xe8);
    expect(read(0x42)).toBe(0xc0 | 0x36);
    at(2);
    write(0x43, 0xe8);
    expect(read(0x42)).toBe(0x80 | 0x36);
  });

  it("latches counts of several counters, and gives the status first when it latched both", () => {
    program(0, 0x0100);
    write(0x43, 0x34);
    write(0x40, 0x00, 0x02);
    at(1);
    write(0x43, 0xca);
    at(50);
    expect([read(0x40), read(0x40), read(0x40)]).toEqual([0x80 | 0x34, 0x00, 0x02]);
    expect([read(0x42), read(0x42), read(0x42)]).toEqual([0x30, 0x00, 0x01]);
  });
});

describe("counter 0", () => {
  it("interrupts 18.2 times a second when its count is 0, as at boot of a PC", () => {
    write(0x43, 0x34);
    write(0x40, 0, 0);
    clock.pass(10e9);
    // 10 s * 1193182 / 65536 = 182.06; OUT is high from the start.
    expect(rises).toBe(1 + 182);
  });

  it("interrupts once in mode 0", () => {
    write(0x43, 0x30);
    write(0x40, 0xa9, 0x04);
    // 0x4a9 + 1 periods take 1000.7 us.
    clock.pass(1_000_000);
    expect(level).toBe(false);
    clock.pass(1000);
    expect(level).toBe(true);
    clock.pass(100_000_000);
    expect([rises, clock.nextDeadline()]).toEqual([1, Number.POSITIVE_INFINITY]);
  });

  it("makes one edge of those that the clock has jumped over", () => {
    write(0x43, 0x34);
    write(0x40, 0x02, 0);
    const before = rises;
    clock.jump(1_000_000);
    expect(rises).toBe(before + 1);
    expect(clock.nextDeadline()).toBeGreaterThan(clock.now());
  });

  it("does not interrupt with a count of 1, which is illegal in modes 2 and 3", () => {
    write(0x43, 0x34);
    write(0x40, 0x01, 0);
    expect(clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

it("shows the refresh of the RAM in bit 4 of port 0x61, which changes each 15 us", () => {
  const seen = [0, 18, 36, 54].map((period) => {
    at(period);
    return read(0x61) & 0x10;
  });
  expect(seen).toEqual([0, 0x10, 0, 0x10]);
});

it("survives any writes, with one deadline at most, and one wake-up in 1000 ns", () => {
  const step = fc.tuple(fc.constantFrom(0x40, 0x41, 0x42, 0x43, 0x43, 0x61), fc.nat(0xff), fc.nat(5000));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let woken = 0;
      const start = clock.now();
      for (const [port, value, time] of steps) {
        write(port, value);
        expect(read(port)).toBeLessThanOrEqual(0xff);
        const end = clock.now() + time;
        for (; clock.nextDeadline() <= end; woken++) clock.runDue(clock.nextDeadline());
        clock.runDue(end);
      }
      expect(woken).toBeLessThanOrEqual(steps.length + (clock.now() - start) / 1000 + 1);
    }),
  );
});
