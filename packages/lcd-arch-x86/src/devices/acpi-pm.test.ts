import { beforeEach, expect, it } from "vitest";
import { AcpiPm } from "./acpi-pm";
import { PortBus } from "./bus";
import { TestClock } from "./test-clock";

let clock: TestClock;
let ports: PortBus;
let sci: boolean;
let offs: number;

beforeEach(() => {
  clock = new TestClock();
  ports = new PortBus();
  sci = false;
  offs = 0;
  const line = {
    set: (level: boolean) => {
      sci = level;
    },
  };
  new AcpiPm(clock, line, () => offs++).connect(ports);
});

it("counts 3,579,545 times a second, in 24 bits", () => {
  clock.pass(1e9);
  expect(ports.readPort(0x608, 4)).toBe(3_579_545);
  clock.pass(4e9);
  expect(ports.readPort(0x608, 4)).toBe((5 * 3_579_545) % 2 ** 24);
  expect(ports.readPort(0x609, 1)).toBe((((5 * 3_579_545) % 2 ** 24) >> 8) & 0xff);
});

it("tells of changes of the timer's bit 23 in PM1 status, which is cleared by writing 1", () => {
  // 2^23 / 3579545 Hz = 2.3435 s.
  clock.pass(2.343e9);
  expect(ports.readPort(0x600, 2)).toBe(0);
  clock.pass(0.001e9);
  expect(ports.readPort(0x600, 2)).toBe(1);
  ports.writePort(0x600, 2, 1);
  expect(ports.readPort(0x600, 2)).toBe(0);
});

it("interrupts when that is enabled, until the status is cleared", () => {
  ports.writePort(0x602, 2, 1);
  expect(ports.readPort(0x600, 4)).toBe(0x10000);
  clock.pass(2.343e9);
  expect(sci).toBe(false);
  clock.pass(0.001e9);
  expect([sci, clock.nextDeadline()]).toEqual([true, Number.POSITIVE_INFINITY]);
  ports.writePort(0x600, 2, 1);
  expect(sci).toBe(false);
  clock.pass(2.344e9);
  expect(sci).toBe(true);
  ports.writePort(0x600, 4, 0);
  expect(sci).toBe(false);
});

it("keeps PM1 enable: timer, global lock, power button, sleep button, RTC (ACPI, PM1 Enable Registers)", () => {
  ports.writePort(0x602, 2, 0xffff);
  expect([ports.readPort(0x602, 2), ports.readPort(0x600, 2), sci]).toEqual([0x0721, 0, false]);
  ports.writePort(0x600, 4, 0x0020_0000);
  expect(ports.readPort(0x600, 4)).toBe(0x0020_0000);
});

it("is in ACPI mode, and switches the machine off with SLP_EN and the sleeping type of S5", () => {
  expect(ports.readPort(0x604, 2)).toBe(1);
  ports.writePort(0x604, 2, 0x2000 | (5 << 10));
  expect([offs, ports.readPort(0x604, 2)]).toEqual([0, 1 | (5 << 10)]);
  ports.writePort(0x604, 2, 0x2000);
  expect(offs).toBe(1);
});
