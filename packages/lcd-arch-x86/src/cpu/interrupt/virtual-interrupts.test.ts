import { beforeEach, describe, expect, it } from "vitest";
import { Cr4 } from "../../mmu/control-bits";
import { Gpr, Rflags } from "../state";
import { LongModeSystem, USER_CODE as USER_CODE_64 } from "./test-long-mode";
import { OTHER_TSS, Selector, STACK_0, USER_CODE, USER_STACK } from "./test-protected-mode";
import { CS, IP, SP, SS, Virtual8086System } from "./test-virtual-8086";

const { VIF, VIP, IF, TF, VM, IOPL, fixed } = Rflags;
const VIRTUAL = VIF | VIP;

const NOP = 0x90;
const HLT = 0xf4;
const CLI = 0xfa;
const STI = 0xfb;
const UD2 = [0x0f, 0x0b];
const PUSHF = 0x9c;
const POPF = 0x9d;
const IRET = 0xcf;
const SPIN = [0xeb, 0xfe];
const GP = 13;
const UD = 6;

let system: Virtual8086System;
beforeEach(() => {
  system = new Virtual8086System();
  system.cpu.writeControlRegister(4, BigInt(Cr4.VME | Cr4.PVI));
});

const flags = (): number => system.cpu.eflags;
/** The image of EFLAGS on the stack of a handler: behind an error code if there is one. */
const image = (): number => system.stacked(system.halted === GP ? 3 : 2);
const where = (): number => system.stacked(system.halted === GP ? 1 : 0);

describe("a maskable interrupt of a task with a virtual interrupt flag (SDM 3B, Class 2)", () => {
  it("is held pending by the monitor through VIP, until the program's STI", () => {
    // The handler of #UD stands for that of an interrupt: or dword [esp+8], VIP; add dword [esp], 2; iretd
    system.handle(UD, [0x81, 0x4c, 0x24, 8, 0, 0, 0x10, 0, 0x83, 0x04, 0x24, 2, IRET]);
    system.run8086([CLI, ...UD2, NOP, STI, NOP], VIF | IF);
    expect([system.halted, system.stacked(0), where()]).toEqual([GP, 0, IP + 4]);
    expect(image() & (VIRTUAL | IF)).toBe(VIP | IF);
  });

  it.each([
    ["STI", [STI], 0],
    ["POPF with IF", [POPF], IF],
    ["IRET with IF", [IRET], IF],
  ])("%s raises #GP(0) then, and sets VIF without it", (_name, code, popped) => {
    const stack = code[0] === IRET ? [IP + 1, CS, popped | fixed] : [popped | fixed];
    const run = (before: number) => {
      for (const [index, word] of stack.entries()) system.write16(SS * 16 + SP + index * 2, word);
      system.run8086([...code, ...SPIN], before, 5);
    };
    run(0);
    expect([system.cpu.rip, flags() & (VIRTUAL | IF)]).toEqual([BigInt(IP + 1), VIF]);
    run(VIP);
    expect([system.halted, system.stacked(0), where(), image() & VIRTUAL]).toEqual([GP, 0, IP, VIP]);
  });

  it.each([
    ["POPF", [POPF]],
    ["IRET", [IRET]],
  ])("%s that would set TF raises #GP(0), too; one that clears IF clears VIF", (_name, code) => {
    const stack = (popped: number) => (code[0] === IRET ? [IP + 1, CS, popped] : [popped]);
    const run = (popped: number) => {
      for (const [index, word] of stack(popped).entries()) system.write16(SS * 16 + SP + index * 2, word);
      system.run8086([...code, ...SPIN], VIF | IF, 5);
    };
    run(TF);
    expect([system.halted, where()]).toEqual([GP, IP]);
    run(IOPL);
    // IF and IOPL are as before.
    expect(flags() & (VIRTUAL | IF | IOPL)).toBe(IF);
  });

  it("IRETD and PUSHFD raise #GP(0) whatever they hold", () => {
    for (const opcode of [IRET, PUSHF, POPF]) {
      system.run8086([0x66, opcode]);
      expect([system.halted, where()]).toEqual([GP, IP]);
    }
  });

  it("with IOPL 3 is the real flag's: VIP and VIF mean nothing", () => {
    system.run8086([STI, NOP, ...SPIN], VIRTUAL | IOPL, 5);
    expect(flags() & (VIRTUAL | IF)).toBe(VIRTUAL | IF);
  });
});

describe("VIF and VIP set together at the beginning of an instruction", () => {
  /** The handler of #UD goes on with these flags: or dword [esp+8], bits; add dword [esp], 2; iretd */
  const set = (bits: number) =>
    system.handle(UD, [0x81, 0x4c, 0x24, 8, 0, 0, bits >>> 16, 0, 0x83, 0x04, 0x24, 2, IRET]);

  it("raise #GP(0) there, after IRET to virtual-8086 mode", () => {
    set(VIRTUAL);
    system.run8086([...UD2, NOP]);
    expect([system.halted, system.stacked(0), where()]).toEqual([GP, 0, IP + 2]);
    expect(image() & (VIRTUAL | VM)).toBe(VIRTUAL | VM);
  });

  it("raise it after IRET to CPL 3 with CR4.PVI", () => {
    set(VIRTUAL);
    system.runAt(3, [...UD2, NOP]);
    expect([system.halted, where(), image() & VIRTUAL]).toEqual([GP, USER_CODE + 2, VIRTUAL]);
  });

  it("raise it when they come with a task", () => {
    const state = [
      [0x20, IP],
      [0x24, VM | VIRTUAL | fixed],
      [0x4c, CS],
      [0x50, SS],
      [0x38, SP],
    ] as const;
    for (const [at, value] of state) system.write32(OTHER_TSS + at, value);
    system.write32(OTHER_TSS + 4, STACK_0);
    system.write32(OTHER_TSS + 8, Selector.data);
    system.put8086([NOP, ...SPIN]);
    // jmp far to the task
    system.run([0xea, 0, 0, 0, 0, Selector.otherTask, 0]);
    expect([system.halted, where()]).toEqual([GP, IP]);
  });

  it.each([
    ["one of them is clear", Cr4.VME | Cr4.PVI, VIP],
    ["CR4.VME is clear", Cr4.PVI, VIRTUAL],
  ])("do not when %s", (_name, cr4, bits) => {
    system.cpu.writeControlRegister(4, BigInt(cr4));
    set(bits);
    system.run8086([...UD2, ...SPIN], 0, 20);
    expect([system.cpu.rip, flags() & VIRTUAL]).toEqual([BigInt(IP + 2), bits]);
  });

  it("do not at CPL 3 without CR4.PVI, nor at CPL 0", () => {
    system.cpu.writeControlRegister(4, BigInt(Cr4.VME));
    set(VIRTUAL);
    system.runAt(3, [...UD2, ...SPIN]);
    expect([system.cpu.rip, flags() & VIRTUAL]).toEqual([BigInt(USER_CODE + 2), VIRTUAL]);
    const other = new Virtual8086System();
    other.cpu.writeControlRegister(4, BigInt(Cr4.PVI));
    other.cpu.eflags = VIRTUAL | fixed;
    expect(other.run([NOP, HLT])).toEqual({ kind: "halted" });
  });

  it("raise it at once, however the run is cut into pieces", () => {
    set(VIRTUAL);
    system.run8086([...UD2, NOP], 0, 1);
    while (system.cpu.run(1).kind !== "halted");
    expect([system.halted, where()]).toEqual([GP, IP + 2]);
  });

  it("raise it after SYSRET", () => {
    const long = new LongModeSystem();
    const { cpu } = long;
    cpu.writeControlRegister(4, cpu.readControlRegister(4) | BigInt(Cr4.PVI));
    cpu.writeMsr(0xc000_0080, cpu.readMsr(0xc000_0080) | 1n);
    cpu.writeMsr(0xc000_0081, 0x0013_0010n << 32n);
    cpu.gpr[Gpr.rcx] = USER_CODE_64;
    cpu.gpr[Gpr.r11] = BigInt(VIRTUAL);
    // sysretq
    long.run([0x48, 0x0f, 0x07]);
    expect([long.halted, long.stacked(0), long.stacked(1)]).toEqual([GP, 0n, USER_CODE_64]);
  });
});

describe("protected-mode virtual interrupts (SDM 3B, Protected-Mode Virtual Interrupts)", () => {
  it("let CLI and STI of CPL 3 change VIF, not IF, unless IOPL is 3", () => {
    system.cpu.eflags = IF | fixed;
    system.runAt(3, [STI, ...UD2]);
    expect([system.halted, image() & (VIRTUAL | IF)]).toEqual([UD, VIF | IF]);
    system.cpu.eflags = IF | VIF | fixed;
    system.runAt(3, [CLI, ...UD2]);
    expect([system.halted, image() & (VIRTUAL | IF)]).toEqual([UD, IF]);
    system.cpu.eflags = IF | VIF | IOPL | fixed;
    system.runAt(3, [CLI, ...UD2]);
    expect([system.halted, image() & (VIRTUAL | IF)]).toEqual([UD, VIF]);
  });

  it("are for CPL 3 only: CLI at CPL 1 above IOPL raises #GP(0)", () => {
    system.runAt(1, [CLI]);
    expect([system.halted, system.stacked(0)]).toEqual([GP, 0]);
  });

  it("STI raises #GP(0) while VIP is set", () => {
    system.cpu.eflags = VIP | fixed;
    system.runAt(3, [STI]);
    expect([system.halted, system.stacked(0), where()]).toEqual([GP, 0, USER_CODE]);
  });

  it("leave PUSHF, POPF and INT n as they are", () => {
    system.cpu.eflags = VIF | fixed;
    // pushf; push dword 202h; popf; ud2
    system.runAt(3, [PUSHF, 0x68, 2, 2, 0, 0, POPF, ...UD2]);
    expect(system.read32(USER_STACK - 4)).toBe(VIF | fixed);
    expect([system.halted, image() & (VIRTUAL | IF)]).toEqual([UD, VIF]);
    system.redirect(0);
    system.runAt(3, [0xcd, 0x21]);
    expect([system.halted, system.stacked(0)]).toEqual([GP, (0x21 << 3) | 2]);
  });

  it("exist in 64-bit mode", () => {
    const long = new LongModeSystem();
    long.cpu.writeControlRegister(4, long.cpu.readControlRegister(4) | BigInt(Cr4.PVI));
    long.runUser([STI, ...UD2]);
    expect([long.halted, Number(long.stacked(2)) & (VIRTUAL | IF)]).toEqual([UD, VIF]);
  });
});
