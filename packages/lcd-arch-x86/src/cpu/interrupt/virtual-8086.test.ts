import { beforeEach, describe, expect, it } from "vitest";
import { Cr4 } from "../../mmu/control-bits";
import { Rflags, Segment } from "../state";
import { Selector, STACK_0 } from "./test-protected-mode";
import { CS, IP, SP, SS, Virtual8086System } from "./test-virtual-8086";

const IRETD = 0xcf;
const IOPL_3 = Rflags.IOPL;

let system: Virtual8086System;
beforeEach(() => {
  system = new Virtual8086System();
});

const run8086 = (code: readonly number[], flags = 0, limit = 1000): void => system.run8086(code, flags, limit);
const redirect = (byte: number): void => system.redirect(byte);
const enableVme = (): void => system.cpu.writeControlRegister(4, BigInt(Cr4.VME));

describe("interrupts of virtual-8086 mode (SDM 3B, Class 1 and 2)", () => {
  it("save all segments on the stack for CPL 0, and clear VM and the data segments", () => {
    run8086([0x90, 0x0f, 0x0b]);
    expect(system.halted).toBe(6);
    expect(system.esp).toBe(STACK_0 - 36);
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => system.stacked(at))).toEqual([
      IP + 1,
      CS,
      Rflags.VM | Rflags.RF | Rflags.fixed,
      SP,
      SS,
      0x2222,
      0x1111,
      0x3333,
      0x4444,
    ]);
    expect(system.cpu.eflags & Rflags.VM).toBe(0);
    expect([Segment.ds, Segment.es, Segment.fs, Segment.gs].map((s) => system.selector(s))).toEqual([0, 0, 0, 0]);
  });

  it("need a handler at CPL 0", () => {
    system.gate(6, { selector: Selector.code1 & ~3 });
    run8086([0x0f, 0x0b]);
    expect([system.halted, system.stacked(0)]).toEqual([13, (Selector.code1 & ~3) | 1]);
  });

  it("IRETD of their handler goes back to the 8086 program", () => {
    // add dword [esp], 2; iretd
    system.handle(6, [0x83, 0x04, 0x24, 2, IRETD]);
    // ud2; mov ax, ds; int3
    run8086([0x0f, 0x0b, 0x8c, 0xd8, 0xcc]);
    expect(system.halted).toBe(13); // INT3's gate has DPL 0
    expect(system.cpu.gpr[0] & 0xffffn).toBe(0x1111n);
    expect(system.stacked(2)).toBe(CS);
    expect(system.stacked(4)).toBe(SP);
  });
});

describe("INT n of virtual-8086 mode (SDM 3B, Class 3)", () => {
  const INT = [0xcd, 0x21];

  it("raises #GP(0) with IOPL below 3", () => {
    run8086(INT);
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([13, 0, IP]);
  });

  it("goes through the IDT with IOPL 3", () => {
    system.gate(0x21, { dpl: 3 });
    run8086(INT, IOPL_3);
    expect([system.halted, system.stacked(0)]).toEqual([0x21, IP + 2]);
  });

  it.each([
    ["IOPL 3: IF is cleared", IOPL_3 | Rflags.IF, Rflags.IF | IOPL_3, IOPL_3],
    [
      "IOPL 0: VIF is cleared, and what is pushed has it as IF, and IOPL 3",
      Rflags.VIF | Rflags.IF,
      Rflags.IF | IOPL_3,
      Rflags.IF,
    ],
  ])("goes to the program's own vector with CR4.VME and a clear bit; %s", (_, flags, pushed, after) => {
    enableVme();
    redirect(0);
    system.write16(0x21 * 4, 0x40);
    system.write16(0x21 * 4 + 2, 0x2100);
    // jmp $
    system.machine.memory.write(0x2_1040 as never, Uint8Array.of(0xeb, 0xfe));
    run8086(INT, flags, 5);
    expect(system.cpu.rip).toBe(0x40n);
    expect(system.selector(Segment.cs)).toBe(0x2100);
    expect(system.cpu.eflags).toBe(after | Rflags.VM | Rflags.fixed);
    const frame = SS * 16 + SP - 6;
    expect([0, 2, 4].map((at) => system.read16(frame + at))).toEqual([IP + 2, CS, pushed | Rflags.fixed]);
  });

  it("goes through the IDT with a set bit", () => {
    enableVme();
    redirect(0xff);
    run8086(INT);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0]);
  });
});

describe("CLI, STI, PUSHF, POPF and IRET of virtual-8086 mode with IOPL below 3", () => {
  const instructions: readonly (readonly [string, readonly number[]])[] = [
    ["CLI", [0xfa]],
    ["STI", [0xfb]],
    ["PUSHF", [0x9c]],
    ["POPF", [0x9d]],
    ["IRET", [0xcf]],
  ];

  it.each(instructions)("%s raises #GP(0)", (_, code) => {
    run8086(code);
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([13, 0, IP]);
  });

  it("CLI and STI change VIF with CR4.VME", () => {
    enableVme();
    run8086([0xfb, 0xeb, 0xfe], 0, 3);
    expect(system.cpu.eflags & (Rflags.VIF | Rflags.IF)).toBe(Rflags.VIF);
    run8086([0xfa, 0xeb, 0xfe], Rflags.VIF | Rflags.IF, 3);
    expect(system.cpu.eflags & (Rflags.VIF | Rflags.IF)).toBe(Rflags.IF);
  });

  it("STI raises #GP(0) while an interrupt is pending", () => {
    enableVme();
    run8086([0xfb], Rflags.VIP);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0]);
  });

  it("PUSHF pushes VIF as IF, and IOPL 3", () => {
    enableVme();
    // pushf; jmp $
    run8086([0x9c, 0xeb, 0xfe], Rflags.VIF, 3);
    expect(system.read16(SS * 16 + SP - 2)).toBe(Rflags.IF | IOPL_3 | Rflags.fixed);
  });

  it("POPF takes IF into VIF and leaves IOPL; with 32 bits it raises #GP(0)", () => {
    enableVme();
    system.write16(SS * 16 + SP, Rflags.IF | Rflags.IOPL | Rflags.CF);
    run8086([0x9d, 0xeb, 0xfe], 0, 3);
    expect(system.cpu.eflags).toBe(Rflags.VIF | Rflags.CF | Rflags.VM | Rflags.fixed);
    run8086([0x66, 0x9d]);
    expect(system.halted).toBe(13);
  });
});

describe("IOPL-sensitive instructions in protected mode", () => {
  it.each([
    ["CLI", 0xfa],
    ["STI", 0xfb],
  ])("%s raises #GP(0) at a CPL above IOPL", (_, opcode) => {
    system.runAt(3, [opcode]);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0]);
  });

  it("with CR4.PVI change VIF at CPL 3", () => {
    system.cpu.writeControlRegister(4, BigInt(Cr4.PVI));
    // sti; ud2
    system.runAt(3, [0xfb, 0x0f, 0x0b]);
    expect(system.halted).toBe(6);
    expect(system.stacked(2) & (Rflags.VIF | Rflags.IF)).toBe(Rflags.VIF);
  });

  it("POPF leaves IF and IOPL silently", () => {
    // push 0x3202; popf; ud2
    system.runAt(3, [0x68, 2, 0x32, 0, 0, 0x9d, 0x0f, 0x0b]);
    expect(system.stacked(2) & (Rflags.IF | Rflags.IOPL)).toBe(0);
    expect(system.halted).toBe(6);
  });
});
