import { describe, expect, it } from "vitest";
import { ApicRegister as R } from "./local-apic-registers";
import { type TestApic, TestApics } from "./test-apics";

const one = (): { apic: TestApic; machine: TestApics } => {
  const machine = new TestApics(1);
  return { apic: machine.apics[0], machine };
};

/** An IPI to itself: shorthand 01b in bits 19:18. */
const self = (vector: number): number => 0x4_0000 | vector;

describe("IA32_APIC_BASE (SDM 3A, x2APIC State Transitions)", () => {
  const [DISABLED, INVALID, XAPIC, X2APIC] = [0xfee00000n, 0xfee00400n, 0xfee00800n, 0xfee00c00n];

  it.each([
    [DISABLED, DISABLED, true],
    [DISABLED, XAPIC, true],
    [DISABLED, X2APIC, false],
    [XAPIC, DISABLED, true],
    [XAPIC, XAPIC, true],
    [XAPIC, X2APIC, true],
    [X2APIC, DISABLED, true],
    [X2APIC, XAPIC, false],
    [X2APIC, X2APIC, true],
    [DISABLED, INVALID, false],
    [XAPIC, INVALID, false],
    [X2APIC, INVALID, false],
  ])("from 0x%s to 0x%s: %s", (from, to, legal) => {
    const { apic } = new TestApics(2).apics[1];
    expect(apic.writeBase(from)).toBe(true);
    expect(apic.writeBase(to)).toBe(legal);
    expect(apic.readBase()).toBe(legal ? to : from);
  });

  it("refuses reserved bits, and keeps the BSP flag", () => {
    const { apic } = one().apic;
    for (const bit of [0n, 7n, 9n, 48n, 63n]) expect(apic.writeBase(XAPIC | (1n << bit))).toBe(false);
    expect(apic.writeBase(XAPIC)).toBe(true);
    expect(apic.readBase()).toBe(0xfee00900n);
  });

  it("moves the page", () => {
    const { apic } = one().apic;
    apic.writeBase(0x12_3456_7800n | 0x900n);
    expect(apic.mmioAddress()).toBe(0x12_3456_7000);
    apic.writeBase(DISABLED);
    expect(apic.mmioAddress()).toBe(-1);
  });

  it("forgets everything when it is disabled", () => {
    const { apic } = one();
    apic.command(self(0x40));
    apic.apic.writeBase(DISABLED);
    expect(apic.apic.pendingVector()).toBe(-1);
    apic.apic.writeBase(XAPIC);
    expect([apic.apic.pendingVector(), apic.read(R.spuriousVector)]).toEqual([-1, 0xff]);
  });
});
