import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestApics } from "./test-apics";

const LEVEL = 1 << 15;
const ACTIVE_LOW = 1 << 13;
const REMOTE_IRR = 1 << 14;
const MASKED = 1 << 16;

/** The low half of the redirection entry of a pin. */
const entry = (machine: TestApics, pin: number): number => machine.readIo(0x10 + pin * 2);

describe("registers (82093AA, Register Description)", () => {
  it("are ID, version 0x20 with 24 entries, arbitration ID, and masked entries", () => {
    const machine = new TestApics(1);
    machine.writeIo(0, 0xffffffff);
    expect([0, 1, 2].map((register) => machine.readIo(register))).toEqual([0x0f000000, 0x170020, 0x0f000000]);
    expect([0x10, 0x11, 0x3e, 0x3f, 0x40, 0xff].map((register) => machine.readIo(register))).toEqual([
      MASKED,
      0,
      MASKED,
      0,
      0,
      0,
    ]);
  });

  it("keep delivery status, remote IRR and reserved bits from being written", () => {
    const machine = new TestApics(1);
    machine.redirect(5, 0xffffffff, 0xab);
    expect([machine.readIo(0x1a), machine.readIo(0x1b)]).toEqual([0x1afff, 0xab000000]);
  });

  it("can be selected with a byte, and read in parts", () => {
    const { ioApic } = new TestApics(1);
    ioApic.writeMemory(0, 1, 1);
    expect([ioApic.readMemory(0, 4), ioApic.readMemory(0x12, 1), ioApic.readMemory(0x20, 4)]).toEqual([1, 0x17, 0]);
  });
});

describe("edge-triggered inputs", () => {
  it("send a message at each rising edge", () => {
    const machine = new TestApics(2);
    machine.redirect(4, 0x41, 1);
    const line = machine.ioApic.line(4);
    line.set(true);
    line.set(true);
    expect([machine.apics[0].drain(), machine.apics[1].drain()]).toEqual([[], [0x41]]);
    line.set(false);
    expect(machine.apics[1].drain()).toEqual([]);
    line.set(true);
    expect(machine.apics[1].drain()).toEqual([0x41]);
  });

  it("send at falling edges when the pin is active low", () => {
    const machine = new TestApics(1);
    const line = machine.ioApic.line(4);
    line.set(true);
    machine.redirect(4, ACTIVE_LOW | 0x41);
    line.set(false);
    expect(machine.apics[0].drain()).toEqual([0x41]);
  });

  it("lose edges while masked", () => {
    const machine = new TestApics(1);
    machine.redirect(4, MASKED | 0x41);
    machine.ioApic.line(4).set(true);
    machine.redirect(4, 0x41);
    expect(machine.apics[0].drain()).toEqual([]);
  });
});

describe("level-triggered inputs", () => {
  it("set remote IRR until the EOI of the processor, and come again while active", () => {
    const machine = new TestApics(1);
    const [apic] = machine.apics;
    machine.redirect(9, LEVEL | 0x51);
    const line = machine.ioApic.line(9);
    line.set(true);
    expect(entry(machine, 9)).toBe(LEVEL | REMOTE_IRR | 0x51);
    expect(apic.apic.acknowledge()).toBe(0x51);
    line.set(false);
    line.set(true);
    expect(apic.apic.pendingVector()).toBe(-1);
    apic.write(0x0b, 0);
    expect(apic.apic.acknowledge()).toBe(0x51);
    line.set(false);
    apic.write(0x0b, 0);
    expect([entry(machine, 9), apic.apic.pendingVector()]).toEqual([LEVEL | 0x51, -1]);
  });

  it("wait while masked", () => {
    const machine = new TestApics(1);
    machine.redirect(9, MASKED | LEVEL | 0x51);
    machine.ioApic.line(9).set(true);
    expect(machine.apics[0].drain()).toEqual([]);
    machine.redirect(9, LEVEL | 0x51);
    expect(machine.apics[0].apic.pendingVector()).toBe(0x51);
  });

  it("forget remote IRR when they become edge-triggered", () => {
    const machine = new TestApics(1);
    machine.redirect(9, LEVEL | 0x51);
    machine.ioApic.line(9).set(true);
    machine.redirect(9, MASKED | 0x51);
    machine.redirect(9, MASKED | LEVEL | 0x51);
    expect(entry(machine, 9)).toBe(MASKED | LEVEL | 0x51);
  });

  it("end at a write of the vector to the EOI register, too", () => {
    const machine = new TestApics(1);
    machine.redirect(9, LEVEL | 0x51);
    machine.ioApic.line(9).set(true);
    machine.ioApic.line(9).set(false);
    machine.ioApic.writeMemory(0x40, 4, 0x52);
    expect(entry(machine, 9)).toBe(LEVEL | REMOTE_IRR | 0x51);
    machine.ioApic.writeMemory(0x40, 4, 0x51);
    expect(entry(machine, 9)).toBe(LEVEL | 0x51);
  });

  it("do not set remote IRR when nobody takes the message", () => {
    const machine = new TestApics(1);
    machine.redirect(9, LEVEL | 0x51, 7);
    machine.ioApic.line(9).set(true);
    expect(entry(machine, 9)).toBe(LEVEL | 0x51);
  });
});

it("sends NMI, INIT and ExtINT as its entries say", () => {
  const machine = new TestApics(1);
  const [apic] = machine.apics;
  for (const [pin, mode] of [4, 5, 7].entries()) {
    machine.redirect(pin, mode << 8);
    machine.ioApic.line(pin).set(true);
  }
  expect([apic.signals, apic.apic.extIntPending()]).toEqual([["nmi", "init"], true]);
  apic.apic.extIntAcknowledged();
  expect(apic.apic.extIntPending()).toBe(false);
});

it("sends a lowest-priority interrupt with a logical destination to one processor", () => {
  const machine = new TestApics(2);
  for (const [index, apic] of machine.apics.entries()) apic.write(0x0d, 1 << (24 + index));
  machine.apics[0].write(0x08, 0x20);
  machine.redirect(4, 0x900 | 0x41, 3);
  machine.ioApic.line(4).set(true);
  expect(machine.apics.map((apic) => apic.drain())).toEqual([[], [0x41]]);
});

it("survives any writes and any levels", () => {
  const step = fc.tuple(fc.nat(0x4f), fc.integer({ min: 0, max: 0xffffffff }), fc.nat(23), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const machine = new TestApics(2);
      for (const [register, value, pin, level] of steps) {
        machine.writeIo(register, value);
        machine.ioApic.line(pin).set(level);
        machine.ioApic.writeMemory(value & 0xff, 1, register);
        expect(machine.readIo(0x10 + pin * 2) & ~(0x1afff | REMOTE_IRR)).toBe(0);
        machine.apics[0].apic.acknowledge();
        machine.apics[0].write(0x0b, 0);
      }
    }),
  );
});
