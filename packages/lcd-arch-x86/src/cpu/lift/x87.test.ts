import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { Cr0 } from "../../mmu/index";
import { BareMachine, CODE, DATA } from "../../testing/index";
import { Gpr, Rflags } from "../state";

const HLT = 0xf4;
const FLD1 = [0xd9, 0xe8];
const FLDZ = [0xd9, 0xee];
/** fldcw [rdi] */
const FLDCW = [0xd9, 0x2f];
/** fdivp st(1), st */
const FDIVP = [0xde, 0xf9];
const FNOP = [0xd9, 0xd0];
const FWAIT = [0x9b];
const EMMS = [0x0f, 0x77];
/** fnstenv [rdi] */
const FNSTENV = [0xd9, 0x37];

const NM = { kind: "exception", vector: 7, errorCode: null };
const MF = { kind: "exception", vector: 16, errorCode: null };
const UD = { kind: "exception", vector: 6, errorCode: null };

/** A machine with RDI at writable memory that begins with a control word, and CR0 changed. */
function machine({ control = 0x37f, set = 0, clear = 0 } = {}): BareMachine {
  const bare = new BareMachine();
  bare.cpu.gpr[Gpr.rdi] = DATA;
  bare.machine.memory.write(__hpa(DATA), Uint8Array.of(control, control >> 8));
  bare.cpu.writeControlRegister(0, (bare.cpu.readControlRegister(0) | BigInt(set)) & ~BigInt(clear));
  return bare;
}

/** Divides 1 by 0 with that exception unmasked, and goes on with `code`. */
const divideByZero = (code: readonly number[]): number[] => [...FLDCW, ...FLD1, ...FLDZ, ...FDIVP, ...code, HLT];
const ZERO_DIVIDE_UNMASKED = 0x37b;

describe("#NM (SDM 3A, Exception 7)", () => {
  it.each([
    ["an x87 instruction, with CR0.EM", FLD1, { set: Cr0.EM }, NM],
    ["an x87 instruction, with CR0.TS", FLD1, { set: Cr0.TS }, NM],
    ["FWAIT, with CR0.MP and CR0.TS", FWAIT, { set: Cr0.MP | Cr0.TS }, NM],
    ["an MMX instruction, with CR0.TS", EMMS, { set: Cr0.TS }, NM],
    ["an MMX instruction, with CR0.EM: #UD instead", EMMS, { set: Cr0.EM }, UD],
    ["FWAIT, with CR0.TS alone: not", FWAIT, { set: Cr0.TS, clear: Cr0.MP }, { kind: "halted" }],
    ["FWAIT, with CR0.EM: not", FWAIT, { set: Cr0.EM }, { kind: "halted" }],
  ])("%s", (_, code, options, stop) => {
    expect(machine(options).run([...code, HLT])).toEqual(stop);
  });
});

describe("#MF (SDM 3A, Exception 16)", () => {
  it.each([
    ["FWAIT", FWAIT],
    ["FNOP", FNOP],
    ["another x87 instruction", FLD1],
    ["an MMX instruction", EMMS],
  ])("is raised by %s after an unmasked exception, not by the instruction that has it", (_, code) => {
    const bare = machine({ control: ZERO_DIVIDE_UNMASKED });
    expect(bare.run(divideByZero(code))).toEqual(MF);
    expect(bare.cpu.rip).toBe(CODE + BigInt(divideByZero([]).length - 1));
  });

  it.each([
    ["FNSTSW", [0xdf, 0xe0]],
    ["FNCLEX, and nothing is pending then", [0xdb, 0xe2, ...FNOP]],
    ["FNINIT", [0xdb, 0xe3, ...FNOP]],
    ["FNSTENV, which masks everything", [...FNSTENV, ...FNOP]],
  ])("is not raised by %s", (_, code) => {
    expect(machine({ control: ZERO_DIVIDE_UNMASKED }).run(divideByZero(code))).toEqual({ kind: "halted" });
  });

  it("is not raised while CR0.NE is clear", () => {
    const bare = machine({ control: ZERO_DIVIDE_UNMASKED, clear: Cr0.NE });
    expect(bare.run(divideByZero(FNOP))).toEqual({ kind: "halted" });
  });

  it("comes from FLDCW, too, when it unmasks a flag that is set", () => {
    // Divide with everything masked, then unmask.
    const bare = machine();
    bare.machine.memory.write(__hpa(DATA + 2n), Uint8Array.of(ZERO_DIVIDE_UNMASKED & 0xff, 3));
    expect(bare.run([...FLD1, ...FLDZ, ...FDIVP, 0xd9, 0x6f, 0x02, ...FNOP, HLT])).toEqual(MF);
  });
});

describe("the pointers in the environment (SDM 1, x87 FPU Instruction and Data (Operand) Pointers)", () => {
  it("are those of the last instruction that is no control instruction, the opcode of the last unmasked exception", () => {
    const bare = machine({ control: ZERO_DIVIDE_UNMASKED });
    // fldcw [rdi]; fld dword [rdi+8]; fldz; fdivp; fnstenv [rdi]
    expect(bare.run([...FLDCW, 0xd9, 0x47, 8, ...FLD1, ...FLDZ, ...FDIVP, ...FNSTENV, HLT])).toEqual({
      kind: "halted",
    });
    const word = (at: number): number => bare.machine.memory.readU32(__hpa(DATA + BigInt(at)));
    // FNSTENV of 28 bytes: instruction pointer at 12, opcode in bits 26:16 at 16, operand pointer at 20.
    expect(word(12)).toBe(Number(CODE) + 9);
    expect((word(16) >>> 16) & 0x7ff).toBe(0x6f9);
    expect(word(20)).toBe(Number(DATA) + 8);
  });
});

describe("faults of memory operands", () => {
  const UNMAPPED = 0x4000_0000_0000n;

  it.each([
    ["a load", [0xdd, 0x07]],
    ["a store that would pop", [0xdd, 0x1f]],
    ["a store of ten bytes", [0xdb, 0x3f]],
    ["FNSAVE", [0xdd, 0x37]],
    ["an MMX store", [0x0f, 0x7f, 0x07]],
  ])("leave the x87 state as it was: %s", (_, code) => {
    const bare = machine();
    bare.run([...FLD1, ...FLD1, HLT]);
    bare.cpu.gpr[Gpr.rdi] = UNMAPPED;
    const before = [bare.cpu.state.get32("fpuStatus"), bare.cpu.state.get32("fpuTags")];
    expect(bare.run([...code, HLT])).toMatchObject({ kind: "exception", vector: 14 });
    expect([bare.cpu.state.get32("fpuStatus"), bare.cpu.state.get32("fpuTags")]).toEqual(before);
  });

  it("come before a store whose second page cannot be written, and nothing is stored", () => {
    const bare = machine();
    // The page tables map the first GiB: six of the ten bytes are in it.
    bare.cpu.gpr[Gpr.rdi] = 0x4000_0000n - 6n;
    bare.run([...FLD1, HLT]);
    expect(bare.run([0xdb, 0x3f, HLT])).toMatchObject({ kind: "exception", vector: 14 });
    expect(bare.cpu.state.get32("fpuTags")).toBe(0x80);
  });
});

describe("FCOMI and FCMOVcc", () => {
  it("set ZF, PF and CF as a comparison of unsigned integers does, clear the others, and move by them", () => {
    const bare = machine();
    bare.cpu.rflags = BigInt(Rflags.OF | Rflags.SF | Rflags.AF | Rflags.fixed);
    // fld1; fldz; fcomi st, st(1): 0 is below 1; fcmovb st, st(1); fstp qword [rdi]
    expect(bare.run([...FLD1, ...FLDZ, 0xdb, 0xf1, 0xda, 0xc1, 0xdd, 0x1f, HLT])).toEqual({ kind: "halted" });
    expect(bare.cpu.rflags).toBe(BigInt(Rflags.CF | Rflags.fixed));
    expect(bare.machine.memory.readU64(__hpa(DATA))).toBe(0x3ff0000000000000n);
  });
});
