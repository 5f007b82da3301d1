import { describe, expect, it } from "vitest";
import { ApicRegister as R } from "./local-apic-registers";
import { type TestApic, TestApics } from "./test-apics";
import { readX2apicMsr, writeX2apicMsr } from "./x2apic-msrs";

const one = (): { apic: TestApic; machine: TestApics } => {
  const machine = new TestApics(1);
  return { apic: machine.apics[0], machine };
};

describe("the x2APIC (SDM 3A, Extended XAPIC (x2APIC))", () => {
  const x2 = (count: number): TestApics => {
    const machine = new TestApics(count);
    for (const { apic } of machine.apics) apic.writeBase(0xfee00c00n);
    return machine;
  };

  it("has its registers in MSRs, and none in memory", () => {
    const { apic } = x2(1).apics[0];
    expect(apic.mmioAddress()).toBe(-1);
    expect(readX2apicMsr(apic, 0x803)).toBe(0x50014n);
    expect(writeX2apicMsr(apic, 0x808, 0x30n)).toBe(true);
    expect(readX2apicMsr(apic, 0x808)).toBe(0x30n);
    expect(readX2apicMsr(one().apic.apic, 0x803)).toBe(undefined);
  });

  it("keeps what the xAPIC was set to", () => {
    const { apic } = one();
    apic.write(R.lvtTimer, 0x40);
    apic.apic.writeBase(0xfee00c00n);
    expect([readX2apicMsr(apic.apic, 0x832), readX2apicMsr(apic.apic, 0x80f)]).toEqual([0x40n, 0x1ffn]);
  });

  it("has 32-bit IDs; the logical one is the cluster of 16, and the place in it", () => {
    const machine = x2(19);
    expect(machine.apics.map(({ apic }) => [readX2apicMsr(apic, 0x802), readX2apicMsr(apic, 0x80d)])[18]).toEqual([
      18n,
      0x10004n,
    ]);
  });

  it("refuses what does not exist, what is read-only or write-only, and reserved bits", () => {
    const { apic } = x2(1).apics[0];
    for (const msr of [0x800, 0x80b, 0x80c, 0x80e, 0x831, 0x83f, 0x840, 0x8ff]) {
      expect([msr, readX2apicMsr(apic, msr)]).toEqual([msr, undefined]);
    }
    for (const msr of [0x802, 0x803, 0x80a, 0x80d, 0x80e, 0x810, 0x827, 0x831, 0x839]) {
      expect([msr, writeX2apicMsr(apic, msr, 0n)]).toEqual([msr, false]);
    }
    for (const [msr, value] of [
      [0x808, 0x100n],
      [0x80b, 1n],
      [0x80f, 0x1000n],
      [0x828, 1n],
      [0x830, 1n << 20n],
      [0x832, 1n << 19n],
      [0x838, 1n << 32n],
      [0x83e, 4n],
      [0x83f, 0x100n],
    ] as const) {
      expect([msr, writeX2apicMsr(apic, msr, value)]).toEqual([msr, false]);
    }
  });

  it("sends with one write of MSR 0x830, to a 32-bit ID, a logical ID, or all", () => {
    const machine = x2(18);
    const takers = (): number[] => machine.apics.flatMap(({ apic }, id) => (take(apic) ? [id] : []));
    const take = (apic: TestApic["apic"]): boolean => apic.acknowledge() !== 0xff && writeX2apicMsr(apic, 0x80b, 0n);
    const [{ apic }] = machine.apics;
    writeX2apicMsr(apic, 0x830, (17n << 32n) | 0x4041n);
    expect(takers()).toEqual([17]);
    expect(readX2apicMsr(apic, 0x830)).toBe((17n << 32n) | 0x4041n);
    writeX2apicMsr(apic, 0x830, (0x1_0003n << 32n) | 0x4841n);
    expect(takers()).toEqual([16, 17]);
    writeX2apicMsr(apic, 0x830, (0xffff_ffffn << 32n) | 0x4041n);
    expect(takers()).toHaveLength(18);
    writeX2apicMsr(apic, 0x830, (0xffn << 32n) | 0x4041n);
    expect(takers()).toEqual([]);
  });

  it("sends itself an interrupt through MSR 0x83f", () => {
    const { apic } = x2(1).apics[0];
    expect(writeX2apicMsr(apic, 0x83f, 0x55n)).toBe(true);
    expect(apic.acknowledge()).toBe(0x55);
  });
});
