import { describe, expect, it } from "vitest";
import { Cr4 } from "../../mmu/control-bits";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { TestGuest } from "./test-guest";
import { ModeMachine, withCr4 } from "./test-modes";

const GP = { kind: "exception", vector: 13, errorCode: 0 };

describe("time and counters (SDM 2B)", () => {
  it("CR4.TSD keeps RDTSC and RDTSCP to CPL 0", () => {
    const machine = new ModeMachine("64-bit", 3);
    expect(machine.run([0x0f, 0x31, 0x0f, 0x01, 0xf9], 2)).toEqual({ kind: "limit" });
    withCr4(machine, Cr4.TSD);
    expect([machine.run([0x0f, 0x31]), machine.run([0x0f, 0x01, 0xf9])]).toEqual([GP, GP]);
    expect(withCr4(new ModeMachine("64-bit"), Cr4.TSD).run([0x0f, 0x31], 1)).toEqual({ kind: "limit" });
  });

  it("RDPMC raises #GP(0): there are no counters", () => {
    expect(withCr4(new ModeMachine("64-bit", 3), Cr4.PCE).run([0x0f, 0x33])).toEqual(GP);
    expect(new ModeMachine("64-bit").run([0x0f, 0x33])).toEqual(GP);
  });

  it("RDPMC exits from a guest at CPL 0, though it would fault", () => {
    expect(new TestGuest([[F.processorControls, 0x0401_e9f2n]]).exit([0x0f, 0x33]).reason).toBe(15);
  });
});
