import { describe, expect, it } from "vitest";
import { LongModeSystem } from "../interrupt/test-long-mode";
import { Gpr } from "../state";

const NOT_CANONICAL = 0x8000_0000_0000_0000n;
const STACK_FAULT = 12;
const GENERAL_PROTECTION = 13;
const BASE_MASK = 7;

/** Instructions without their last two bytes, [rbp + 0]; ModR/M names RBP there. */
const instructions: readonly (readonly [name: string, code: readonly number[]])[] = [
  ["SGDT", [0x0f, 0x01, 0x45]],
  ["LGDT", [0x0f, 0x01, 0x55]],
  ["SLDT", [0x0f, 0x00, 0x45]],
  ["LLDT", [0x0f, 0x00, 0x55]],
  ["LTR", [0x0f, 0x00, 0x5d]],
  ["VERR", [0x0f, 0x00, 0x65]],
  ["LAR", [0x0f, 0x02, 0x45]],
  ["SMSW", [0x0f, 0x01, 0x65]],
  ["LMSW", [0x0f, 0x01, 0x75]],
  ["FXSAVE", [0x0f, 0xae, 0x45]],
  ["FXRSTOR", [0x0f, 0xae, 0x4d]],
  ["FNSTENV", [0xd9, 0x75]],
  ["FLDENV", [0xd9, 0x65]],
  ["INVPCID", [0x66, 0x0f, 0x38, 0x82, 0x45]],
];

/** Runs an instruction at CPL 0 whose operand begins where the registers say. @returns the exception that it raises */
function run(code: readonly number[]): number {
  const system = new LongModeSystem();
  system.cpu.gpr[Gpr.rbp] = NOT_CANONICAL;
  system.cpu.gpr[Gpr.rdi] = NOT_CANONICAL;
  system.run([...code, 0]);
  return system.halted;
}

// SDM 2A and 2B, "64-Bit Mode Exceptions": "#SS(0): If a memory address referencing the SS segment is in a non-canonical
// form"; "#GP(0): If the memory address is in a non-canonical form". RBP as base makes it SS.
describe.each(instructions)("%s of an operand that is not canonical", (_name, code) => {
  const inData = [...code.slice(0, -1), (code[code.length - 1] & ~BASE_MASK) | Gpr.rdi];

  it("raises #SS through RBP, #GP through RDI", () => {
    expect([run(code), run(inData)]).toEqual([STACK_FAULT, GENERAL_PROTECTION]);
  });

  it("raises #GP through RBP with an FS prefix", () => {
    expect(run([0x64, ...code])).toBe(GENERAL_PROTECTION);
  });
});
