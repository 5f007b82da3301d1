import { describe, expect, it } from "vitest";
import { BareMachine } from "../../testing/index";
import { Gpr } from "../state";

const HLT = 0xf4;
const STACK_FAULT = { kind: "exception", vector: 12, errorCode: 0 };
const PAGE_FAULT = 14;

/** The first address that is not canonical; the page below it is not present. */
const END = 0x8000_0000_0000n;

/** Runs an instruction with the stack pointer, or RBP, at an address. */
function run(code: readonly number[], register: number, address: bigint) {
  const machine = new BareMachine();
  machine.load([...code, HLT]);
  machine.cpu.gpr[register] = address;
  const stop = machine.cpu.run(100);
  return { stop, value: machine.cpu.gpr[register] };
}

// What this processor did with each, an AMD EPYC.
describe.each([
  ["LEAVE", [0xc9], Gpr.rbp, 0n, 8n],
  ["LEAVE of 16 bits", [0x66, 0xc9], Gpr.rbp, 0n, 2n],
  ["POP", [0x58], Gpr.rsp, 0n, 8n],
  ["RET", [0xc3], Gpr.rsp, 0n, 8n],
  ["PUSH", [0x50], Gpr.rsp, 8n, 8n],
  ["ENTER", [0xc8, 0, 0, 0], Gpr.rsp, 8n, 8n],
  ["ENTER of 16 bits", [0x66, 0xc8, 0, 0, 0], Gpr.rsp, 2n, 2n],
] as const)("%s", (_name, code, register, below, size) => {
  it("raises #SS(0) when what it moves is not canonical, even in part, and changes nothing", () => {
    for (const inside of [0n, 1n]) {
      const address = END - inside + below;
      expect(run(code, register, address)).toEqual({ stop: STACK_FAULT, value: address });
    }
  });

  it("raises #PF when all of it is", () => {
    expect(run(code, register, END - size + below).stop).toMatchObject({ kind: "exception", vector: PAGE_FAULT });
  });
});
