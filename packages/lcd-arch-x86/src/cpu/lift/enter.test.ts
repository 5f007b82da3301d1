import { describe, expect, it } from "vitest";
import { ProtectedModeSystem, Selector } from "../interrupt/test-protected-mode";
import { setSegment } from "../segmentation/registers";
import { Gpr, Segment } from "../state";

const STACK_16 = 0x20_0000;
const SP = 0x1000;

/** Runs ENTER with EBP = 0x8765_4321 on a stack of 16 bits, where ESP has an upper half. */
function enterOn16Bits(code: readonly number[]): ProtectedModeSystem {
  const system = new ProtectedModeSystem();
  const { cpu } = system;
  setSegment(cpu.state, Segment.ss, Selector.stack16, STACK_16, 0xffff, 0x93);
  cpu.addressSpaceChanged();
  system.load([...code]);
  cpu.gpr[Gpr.rsp] = BigInt(0xabcd_0000 + SP);
  cpu.gpr[Gpr.rbp] = 0x8765_4321n;
  expect(cpu.run(1)).toEqual({ kind: "limit" });
  return system;
}

describe("ENTER on a stack of 16 bits (SDM 2A, ENTER)", () => {
  it("of 32 bits makes EBP all of ESP (FrameTemp = ESP), as the machine's own processor does", () => {
    // enter 8, 0: pushes four bytes, of which SP moves.
    const { cpu } = enterOn16Bits([0xc8, 8, 0, 0]);
    expect(cpu.gpr[Gpr.rbp]).toBe(BigInt(0xabcd_0000 + SP - 4));
    expect(cpu.gpr[Gpr.rsp]).toBe(BigInt(0xabcd_0000 + SP - 4 - 8));
  });

  it("of 32 bits pushes that as the frame pointer of its own level", () => {
    // enter 0, 1: EBP, then FrameTemp.
    const system = enterOn16Bits([0xc8, 0, 0, 1]);
    expect(system.read32(STACK_16 + SP - 4)).toBe(0x8765_4321);
    expect(system.read32(STACK_16 + SP - 8)).toBe(0xabcd_0000 + SP - 4);
  });

  it("of 16 bits changes BP only", () => {
    const { cpu } = enterOn16Bits([0x66, 0xc8, 8, 0, 0]);
    expect(cpu.gpr[Gpr.rbp]).toBe(BigInt(0x8765_0000 + SP - 2));
    expect(cpu.gpr[Gpr.rsp]).toBe(BigInt(0xabcd_0000 + SP - 2 - 8));
  });
});
