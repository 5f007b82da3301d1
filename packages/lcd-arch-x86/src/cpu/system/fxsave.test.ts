import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr } from "../state";
import { TestGuest } from "./test-guest";
import { LOW_DATA, type Mode, ModeMachine } from "./test-modes";

const HLT = 0xf4;
const UD = { kind: "exception", vector: 6, errorCode: null };
const NM = { kind: "exception", vector: 7, errorCode: null };
const GP = { kind: "exception", vector: 13, errorCode: 0 };
const OSXSAVE = 1n << 18n;
const [EM, TS] = [4n, 8n];

/** [rbx] and [ebx] as a memory operand. */
const operand = (reg: number): number => (reg << 3) | 3;
const FXSAVE = [0x0f, 0xae, operand(0)];
const FXRSTOR = [0x0f, 0xae, operand(1)];
const XSAVE = [0x0f, 0xae, operand(4)];
const XRSTOR = [0x0f, 0xae, operand(5)];
const FXSAVE64 = [0x48, ...FXSAVE];
const XGETBV = [0x0f, 0x01, 0xd0];
const XSETBV = [0x0f, 0x01, 0xd1];

function prepared(mode: Mode = "64-bit", cpl = 0): ModeMachine {
  const machine = new ModeMachine(mode, cpl);
  const { cpu } = machine;
  cpu.state.set64("cr4", cpu.state.get64("cr4") | OSXSAVE);
  cpu.state.set64("xcr0", 3n);
  cpu.gpr[Gpr.rbx] = LOW_DATA;
  cpu.gpr[Gpr.rax] = 3n;
  return machine;
}

/** Two bytes at an offset of the area. */
const word = (machine: ModeMachine, at: number): number =>
  machine.machine.memory.readU32(__hpa(LOW_DATA + BigInt(at))) & 0xffff;
const area = (machine: ModeMachine, length: number) => machine.machine.memory.read(__hpa(LOW_DATA), length);

/** fninit; fldpi; mov eax, 3: one x87 register in use. */
const LOAD_PI = [0xdb, 0xe3, 0xd9, 0xeb];

describe("FXSAVE and FXRSTOR (SDM 2A)", () => {
  it("store the control words, the tags, MXCSR with its mask, ST(0) and all XMM registers, and leave bytes 464 to 511", () => {
    const machine = prepared();
    machine.machine.memory.fill(__hpa(LOW_DATA), 512, 0xee);
    machine.cpu.state.set64("xmm", 0x0123_4567_89ab_cdefn, 31);
    expect(machine.run([...LOAD_PI, ...FXSAVE64, HLT])).toEqual({ kind: "halted" });
    expect([word(machine, 0), word(machine, 2), word(machine, 4)]).toEqual([0x37f, 7 << 11, 0x80]);
    expect([word(machine, 24), word(machine, 28)]).toEqual([0x1f80, 0xffff]);
    // pi: 4000 C90FDAA22168C235
    expect([32, 34, 36, 38, 40, 42].map((at) => word(machine, at))).toEqual([
      0xc235, 0x2168, 0xdaa2, 0xc90f, 0x4000, 0,
    ]);
    expect([416 - 8, 416 - 6, 416 - 4, 416 - 2].map((at) => word(machine, at))).toEqual([
      0xcdef, 0x89ab, 0x4567, 0x0123,
    ]);
    expect(word(machine, 464)).toBe(0xeeee);
  });

  it("restore what they have stored", () => {
    const machine = prepared();
    machine.cpu.state.set64("xmm", 5n, 6);
    machine.cpu.state.set32("mxcsr", 0x1fa0);
    machine.run([...LOAD_PI, ...FXSAVE64, HLT]);
    const stored = [...area(machine, 512)];
    machine.cpu.state.set64("xmm", 0n, 6);
    machine.cpu.state.set32("mxcsr", 0x1f80);
    machine.run([0xdb, 0xe3, 0x48, ...FXRSTOR, 0x48, 0x81, 0xc3, 0, 2, 0, 0, ...FXSAVE64, HLT]); // fninit; fxrstor64; add rbx, 512
    expect([...machine.machine.memory.read(__hpa(LOW_DATA + 512n), 416)]).toEqual(stored.slice(0, 416));
  });

  it("outside 64-bit mode have eight XMM registers", () => {
    const machine = prepared("protected");
    machine.machine.memory.fill(__hpa(LOW_DATA), 512, 0xee);
    machine.run([...FXSAVE, HLT]);
    expect([word(machine, 160 + 8 * 16 - 2), word(machine, 160 + 8 * 16)]).toEqual([0, 0xeeee]);
  });

  it("raise #NM for CR0.EM and CR0.TS, #GP for an address that is not a multiple of 16 and for reserved bits of MXCSR", () => {
    for (const bit of [EM, TS]) {
      const machine = prepared();
      machine.cpu.state.set64("cr0", machine.cpu.state.get64("cr0") | bit);
      machine.cpu.addressSpaceChanged();
      expect(machine.run(FXSAVE)).toEqual(NM);
    }
    const unaligned = prepared();
    unaligned.cpu.gpr[Gpr.rbx] = LOW_DATA + 8n;
    expect(unaligned.run(FXSAVE)).toEqual(GP);
    const reserved = prepared();
    reserved.put(0n, 0n, 0n, 0x1_0000n);
    expect(reserved.run(FXRSTOR)).toEqual(GP);
  });
});

describe("XSAVE and XRSTOR (SDM 1, Managing State Using the XSAVE Feature Set)", () => {
  it("need CR4.OSXSAVE, an address that is a multiple of 64, and CR0.TS clear; CR0.EM does not matter", () => {
    const machine = prepared();
    machine.cpu.gpr[Gpr.rbx] = LOW_DATA + 32n;
    expect(machine.run(XSAVE)).toEqual(GP);
    machine.cpu.gpr[Gpr.rbx] = LOW_DATA;
    machine.cpu.state.set64("cr0", machine.cpu.state.get64("cr0") | EM);
    expect(machine.run(XSAVE, 1)).toEqual({ kind: "limit" });
    machine.cpu.state.set64("cr0", machine.cpu.state.get64("cr0") | TS);
    expect(machine.run(XSAVE)).toEqual(NM);
    machine.cpu.state.set64("cr4", machine.cpu.state.get64("cr4") & ~OSXSAVE);
    expect([XSAVE, XRSTOR, XGETBV, XSETBV].map((code) => machine.run(code))).toEqual([UD, UD, UD, UD]);
  });

  it("save the components of EAX that XCR0 enables, say so in the header, and keep what it says of others", () => {
    const machine = prepared();
    machine.machine.memory.fill(__hpa(LOW_DATA), 576, 0xee);
    machine.machine.memory.writeU64(__hpa(LOW_DATA + 512n), 0n);
    machine.cpu.gpr[Gpr.rax] = 2n;
    machine.run([...XSAVE, HLT]);
    // x87 is not asked for; MXCSR and XMM are.
    expect([word(machine, 0), word(machine, 24), word(machine, 160), word(machine, 512)]).toEqual([
      0xeeee, 0x1f80, 0, 2,
    ]);
    expect(word(machine, 520)).toBe(0xeeee);
    machine.cpu.gpr[Gpr.rax] = 0xffff_fffdn;
    machine.run([...XSAVE, HLT]);
    expect([word(machine, 0), word(machine, 512)]).toEqual([0x37f, 3]);
  });

  it("XRSTOR initializes components that the area does not hold, but takes MXCSR from it", () => {
    const machine = prepared();
    machine.machine.memory.fill(__hpa(LOW_DATA), 576, 0);
    machine.machine.memory.writeU32(__hpa(LOW_DATA + 24n), 0x1fa0);
    machine.cpu.state.set64("xmm", 9n, 0);
    machine.run([...LOAD_PI, ...XRSTOR, HLT]);
    const { state } = machine.cpu;
    expect([state.get64("xmm", 0), state.get32("mxcsr"), state.get32("fpuControl"), state.get32("fpuTags")]).toEqual([
      0n,
      0x1fa0,
      0x37f,
      0,
    ]);
  });

  it.each([
    ["a component that XCR0 has not enabled", 512, 4],
    ["the compacted format", 527, 0x80],
    ["a reserved byte of the header", 528, 1],
    ["a reserved bit of MXCSR", 26, 1],
  ])("XRSTOR raises #GP(0) for %s", (_name, at, byte) => {
    const machine = prepared();
    machine.machine.memory.fill(__hpa(LOW_DATA), 576, 0);
    machine.machine.memory.write(__hpa(LOW_DATA + BigInt(at)), Uint8Array.of(byte));
    expect(machine.run(XRSTOR)).toEqual(GP);
  });
});

describe("XGETBV and XSETBV (SDM 2D)", () => {
  it("read and write XCR0, whose bit 0 is always 1", () => {
    const machine = prepared();
    machine.cpu.gpr[Gpr.rcx] = 0n;
    machine.cpu.gpr[Gpr.rdx] = 0n;
    const set = (value: bigint) => {
      machine.cpu.gpr[Gpr.rax] = value;
      return machine.run([...XSETBV, ...XGETBV, HLT]);
    };
    expect([set(1n), machine.cpu.gpr[Gpr.rax]]).toEqual([{ kind: "halted" }, 1n]);
    expect([set(3n), machine.cpu.gpr[Gpr.rax]]).toEqual([{ kind: "halted" }, 3n]);
    expect([set(2n), set(7n)]).toEqual([GP, GP]);
    machine.cpu.gpr[Gpr.rcx] = 1n;
    expect([set(3n), machine.run(XGETBV)]).toEqual([GP, GP]);
  });

  it("XSETBV is for CPL 0, XGETBV for all", () => {
    const machine = prepared("64-bit", 3);
    expect([machine.run(XGETBV, 1), machine.run(XSETBV, 1)]).toEqual([{ kind: "limit" }, GP]);
  });

  it("XSETBV exits from a guest, always", () => {
    const guest = new TestGuest([[F.guestCr4, 0x4_2020n]]);
    expect(guest.exit(XSETBV)).toMatchObject({ reason: 55, length: 3 });
  });
});
