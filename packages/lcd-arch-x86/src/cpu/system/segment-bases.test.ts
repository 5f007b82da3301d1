import { describe, expect, it } from "vitest";
import { Cr4 } from "../../mmu/control-bits";
import { Gpr } from "../state";
import { LOW_DATA, ModeMachine, withCr4 } from "./test-modes";

const UD = { kind: "exception", vector: 6, errorCode: null };
const GP = { kind: "exception", vector: 13, errorCode: 0 };

describe("RDFSBASE, RDGSBASE, WRFSBASE and WRGSBASE (SDM 2B, 2D)", () => {
  const wrgsbase = [0xf3, 0x48, 0x0f, 0xae, 0xd8];

  it("let CPL 3 read and write its bases", () => {
    const machine = withCr4(new ModeMachine("64-bit", 3), Cr4.FSGSBASE);
    const { gpr, state } = machine.cpu;
    machine.put(0x4242n);
    gpr[Gpr.rax] = LOW_DATA;
    machine.run([...wrgsbase, 0x65, 0x48, 0x8b, 0x0c, 0x25, 0, 0, 0, 0], 2); // wrgsbase rax; mov rcx, gs:[0]
    expect([state.get64("segmentBase", 5), gpr[Gpr.rcx]]).toEqual([LOW_DATA, 0x4242n]);
    machine.run([0xf3, 0x0f, 0xae, 0xca], 1); // rdgsbase edx
    expect(gpr[Gpr.rdx]).toBe(LOW_DATA);
  });

  it("do not exist without CR4.FSGSBASE, and outside 64-bit mode", () => {
    expect(new ModeMachine("64-bit").run(wrgsbase)).toEqual(UD);
    expect(withCr4(new ModeMachine("compatibility"), Cr4.FSGSBASE).run([0xf3, 0x0f, 0xae, 0xd8])).toEqual(UD);
  });

  it("raise #GP(0) for a base that is not canonical", () => {
    const machine = withCr4(new ModeMachine("64-bit"), Cr4.FSGSBASE);
    machine.cpu.gpr[Gpr.rax] = 1n << 57n;
    expect(machine.run(wrgsbase)).toEqual(GP);
  });
});
