import { beforeEach, expect, it } from "vitest";
import { PortBus } from "./bus";
import { TestClock } from "./test-clock";
import { VgaRegisters } from "./vga-registers";

// Values are those of QEMU 7.2 after its firmware, unless a test says otherwise.

let ports: PortBus;
let clock: TestClock;

beforeEach(() => {
  ports = new PortBus();
  clock = new TestClock();
  new VgaRegisters(clock).connect(ports);
});

const read = (port: number): number => ports.readPort(port, 1);
const write = (port: number, ...values: number[]): void => {
  for (const value of values) ports.writePort(port, 1, value);
};
const CRTC = 0x3d4;

it("tells where the cursor is, and lets it be moved, with words as well", () => {
  const cursor = (): number[] =>
    [14, 15].map((register) => {
      write(CRTC, register);
      return read(CRTC + 1);
    });
  expect(cursor()).toEqual([0, 0]);
  ports.writePort(CRTC, 2, 0x120e);
  ports.writePort(CRTC, 2, 0x340f);
  expect(cursor()).toEqual([0x12, 0x34]);
});

it.each([
  ["CRT controller", CRTC, "5f 4f 50 82 55 81 bf 1f 0 4f d e 0 0 0 0 9c 8e 8f 28 1f 96 b9 a3 ff"],
  ["sequencer", 0x3c4, "3 0 3 0 2 0 0 0"],
  ["graphics controller", 0x3ce, "0 0 0 0 0 10 e f ff 0 0 0 0 0 0 0"],
])("has a %s set for text", (_name, port, expected) => {
  const values = expected.split(" ").map((_value, index) => {
    write(port, index);
    return read(port + 1).toString(16);
  });
  expect(values.join(" ")).toBe(expected);
});

it("keeps what registers have bits for", () => {
  write(0x3ce, 5, 0xff);
  write(0x3cf, 0xff);
  expect([read(0x3ce), read(0x3cf)]).toEqual([0x0f, 0x00]);
  write(0x3ce, 5);
  write(0x3cf, 0xff);
  expect(read(0x3cf)).toBe(0x7b);
});

it("protects CRT controller registers 0 to 7, but for one bit (VGA, Vertical Retrace End Register)", () => {
  write(CRTC, 7);
  write(CRTC + 1, 0x00);
  expect(read(CRTC + 1)).toBe(0x0f);
  write(CRTC, 0x11);
  write(CRTC + 1, 0x0e);
  write(CRTC, 7);
  write(CRTC + 1, 0x00);
  expect(read(CRTC + 1)).toBe(0x00);
});

it("takes index and data of an attribute at one port, the index first after a read of input status 1", () => {
  write(0x3c0, 0x11);
  read(0x3da);
  write(0x3c0, 0x10, 0xff);
  expect([read(0x3c0), read(0x3c1)]).toEqual([0x10, 0xef]);
  write(0x3c0, 0x20);
  expect(read(0x3c0)).toBe(0x00);
  read(0x3da);
  expect(read(0x3c0)).toBe(0x20);
});

it("reads a palette back, three bytes of 6 bits for each colour", () => {
  write(0x3c8, 5);
  write(0x3c9, 0x3f, 0x01, 0x02, 0x03);
  expect([read(0x3c7), read(0x3c8)]).toEqual([0, 6]);
  write(0x3c7, 5);
  expect([read(0x3c7), ...[1, 2, 3, 4].map(() => read(0x3c9))]).toEqual([3, 0x3f, 0x01, 0x02, 0x03]);
});

it("lets the beam go back 70 times a second (mode 3 of a VGA)", () => {
  let retraces = 0;
  for (let was = true, step = 0; step < 1_000_000; step++) {
    const is = (read(0x3da) & 0x08) !== 0;
    if (is && !was) retraces++;
    was = is;
    clock.jump(1000);
  }
  expect(retraces).toBe(70);
});
