import { describe, expect, it } from "vitest";
import { Gpr, Rflags } from "../state";
import { ModeMachine } from "./test-modes";

const HLT = 0xf4;
const UD = { kind: "exception", vector: 6, errorCode: null };
const GP = { kind: "exception", vector: 13, errorCode: 0 };

describe("CLAC, STAC, MONITOR and MWAIT (SDM 2A, 2B)", () => {
  it("do not exist above CPL 0", () => {
    const machine = new ModeMachine("64-bit", 3);
    for (const last of [0xca, 0xcb, 0xc8, 0xc9]) expect(machine.run([0x0f, 0x01, last])).toEqual(UD);
  });

  it("CLAC and STAC change EFLAGS.AC alone", () => {
    const machine = new ModeMachine("64-bit");
    machine.run([0x0f, 0x01, 0xcb], 1);
    expect(machine.cpu.rflags).toBe(BigInt(Rflags.AC | Rflags.fixed));
    machine.run([0x0f, 0x01, 0xca], 1);
    expect(machine.cpu.rflags).toBe(BigInt(Rflags.fixed));
  });

  it("MONITOR and MWAIT take no extensions, and MONITOR is a load", () => {
    const machine = new ModeMachine("64-bit");
    const { gpr } = machine.cpu;
    gpr[Gpr.rcx] = 1n;
    expect([machine.run([0x0f, 0x01, 0xc8]), machine.run([0x0f, 0x01, 0xc9])]).toEqual([GP, GP]);
    gpr[Gpr.rcx] = 0n;
    gpr[Gpr.rax] = 0x40_0000_0000n;
    expect(machine.run([0x0f, 0x01, 0xc8])).toEqual({ kind: "exception", vector: 14, errorCode: 0 });
    expect(machine.run([0x0f, 0x01, 0xc9, HLT])).toEqual({ kind: "halted" });
  });
});
