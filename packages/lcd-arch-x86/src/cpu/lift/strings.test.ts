import { describe, expect, it } from "vitest";
import { BareMachine, DATA } from "../../testing/index";
import { Gpr, Segment } from "../state";

const HLT = 0xf4;
const GENERAL_PROTECTION = { kind: "exception", vector: 13, errorCode: 0 };
const PAGE_FAULT = 14;

/** Not canonical; the last three bytes below what is not; two that wrap around, which both ends of memory hold. */
const OUTSIDE = 0x8000_0000_0000n;
const LAST_BYTES = OUTSIDE - 3n;
const WRAPPING = 0xffff_ffff_ffff_fffen;

const REP = 0xf3;
const strings = [
  ["MOVSD from", 0xa5, Gpr.rsi],
  ["MOVSD to", 0xa5, Gpr.rdi],
  ["CMPSD of the first", 0xa7, Gpr.rsi],
  ["CMPSD of the second", 0xa7, Gpr.rdi],
  ["STOSD", 0xab, Gpr.rdi],
  ["LODSD", 0xad, Gpr.rsi],
  ["SCASD", 0xaf, Gpr.rdi],
  ["INSD", 0x6d, Gpr.rdi],
  ["OUTSD", 0x6f, Gpr.rsi],
] as const;

/** Runs a string instruction with `register` at an address, the other at DATA. */
function run(code: readonly number[], register: number, address: bigint) {
  const machine = new BareMachine();
  const { cpu } = machine;
  cpu.gpr[Gpr.rcx] = 3n;
  cpu.gpr[Gpr.rsi] = DATA;
  cpu.gpr[Gpr.rdi] = DATA;
  cpu.gpr[register] = address;
  const stop = machine.run([...code, HLT]);
  return { stop, cpu };
}

// What this processor did with each: an AMD EPYC, but for INS and OUTS (SDM 2, "#GP(0)" of each: "if the memory address is
// in a non-canonical form").
describe.each(strings)("%s memory that is not canonical", (_name, opcode, register) => {
  it.each([
    ["once", [opcode]],
    ["repeated", [REP, opcode]],
  ])("raises #GP(0), %s, and has moved nothing", (_how, code) => {
    const { stop, cpu } = run(code, register, OUTSIDE);
    expect(stop).toEqual(GENERAL_PROTECTION);
    expect([cpu.gpr[register], cpu.gpr[Gpr.rcx]]).toEqual([OUTSIDE, 3n]);
  });

  it("raises #GP(0) when only its end is not, though the page of its beginning is not present", () => {
    expect(run([REP, opcode], register, LAST_BYTES).stop).toEqual(GENERAL_PROTECTION);
  });

  it("raises #PF when it reaches from the end of the address space to its beginning", () => {
    expect(run([REP, opcode], register, WRAPPING).stop).toMatchObject({ kind: "exception", vector: PAGE_FAULT });
  });

  it("ignores a prefix for SS, which would make it #SS(0)", () => {
    expect(run([0x36, REP, opcode], register, OUTSIDE).stop).toEqual(GENERAL_PROTECTION);
  });
});

describe("a string instruction through GS", () => {
  it("looks at the address with the base, not at the offset alone", () => {
    const machine = new BareMachine();
    const { cpu } = machine;
    cpu.state.set64("segmentBase", BigInt.asUintN(64, DATA - OUTSIDE), Segment.gs);
    cpu.gpr[Gpr.rsi] = OUTSIDE;
    cpu.gpr[Gpr.rcx] = 1n;
    expect(machine.run([REP, 0x65, 0xad, HLT]).kind).toBe("halted");
  });
});
