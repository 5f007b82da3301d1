import { describe, expect, it } from "vitest";
import { mpTables } from "./mp-tables";

const CPUS = 3;
const { address, bytes } = mpTables({ cpus: CPUS, signature: 0x306c3, features: 0x0789abcd });
const view = new DataView(bytes.buffer);
const sum = (from: number, to: number): number =>
  bytes.subarray(from, to).reduce((total, byte) => (total + byte) & 0xff, 0);
const text = (from: number, length: number): string => String.fromCharCode(...bytes.subarray(from, from + length));

/** Lengths of entries by their types (MultiProcessor Specification 1.4, Table 4-3). */
const lengths = [20, 8, 8, 8, 8];
const entries: number[][] = [];
for (let at = 16 + 44; at < bytes.length; at += lengths[bytes[at]])
  entries.push([...bytes.slice(at, at + lengths[bytes[at]])]);
const ofType = (type: number): number[][] => entries.filter(([first]) => first === type);

describe("MP tables (MultiProcessor Specification 1.4, chapter 4)", () => {
  it("are found through a floating pointer in the BIOS's area", () => {
    expect([address % 16, address >= 0xf0000, address + bytes.length <= 0x100000]).toEqual([0, true, true]);
    expect([text(0, 4), bytes[8], bytes[9], sum(0, 16)]).toEqual(["_MP_", 1, 4, 0]);
    expect(view.getUint32(4, true)).toBe(address + 16);
    // Feature bytes: a configuration table; virtual wire mode.
    expect([...bytes.subarray(11, 16)]).toEqual([0, 0, 0, 0, 0]);
  });

  it("have a header with length, number of entries and checksum", () => {
    expect([text(16, 4), sum(16, bytes.length)]).toEqual(["PCMP", 0]);
    expect([view.getUint16(20, true), view.getUint16(16 + 34, true)]).toEqual([bytes.length - 16, entries.length]);
    expect([view.getUint32(16 + 36, true), bytes[22]]).toEqual([0xfee00000, 4]);
  });

  it("list processors, of which the first is the bootstrap processor", () => {
    expect(ofType(0)).toEqual(
      [3, 1, 1].map((flags, id) => [0, id, 0x14, flags, 0xc3, 6, 3, 0, 0xcd, 0xab, 0x89, 7, 0, 0, 0, 0, 0, 0, 0, 0]),
    );
  });

  it("list the ISA bus, and the I/O APIC", () => {
    expect(ofType(1)).toEqual([[1, 0, 0x49, 0x53, 0x41, 0x20, 0x20, 0x20]]);
    expect(ofType(2)).toEqual([[2, 0, 0x20, 1, 0, 0, 0xc0, 0xfe]]);
  });

  it("connect IRQ 0 to pin 2, and the others but 2 to the pins of their numbers; IRQ 9 is level-triggered", () => {
    const irqs = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    expect(ofType(3)).toEqual(irqs.map((irq) => [3, 0, irq === 9 ? 0x0d : 0, 0, 0, irq, 0, irq === 0 ? 2 : irq]));
  });

  it("connect the 8259 to LINT0, and NMI to LINT1", () => {
    expect(ofType(4)).toEqual([
      [4, 3, 0, 0, 0, 0, 0xff, 0],
      [4, 1, 0, 0, 0, 0, 0xff, 1],
    ]);
  });

  it("have room for 32 processors", () => {
    const many = mpTables({ cpus: 32, signature: 0, features: 0 });
    expect(many.address + many.bytes.length).toBeLessThanOrEqual(0x100000);
  });
});
