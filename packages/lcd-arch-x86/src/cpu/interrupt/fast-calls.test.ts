import { beforeEach, describe, expect, it } from "vitest";
import { Gpr, Rflags, Segment } from "../state";
import { Msr } from "../system/msr";
import { HANDLERS, LongModeSystem, Selector, TSS, USER_CODE, USER_STACK } from "./test-long-mode";

const HLT = 0xf4;
const SYSCALL = [0x0f, 0x05];
const UD2 = [0x0f, 0x0b];
const KERNEL_ENTRY = HANDLERS + 0x80n * 16n;

let system: LongModeSystem;
beforeEach(() => {
  system = new LongModeSystem();
  const { cpu } = system;
  // SYSRET adds 8 and 16 to 0x1b: user data at 0x23, 64-bit code at 0x2b.
  cpu.writeMsr(Msr.star, (0x1bn << 48n) | (BigInt(Selector.kernelCode) << 32n));
  cpu.writeMsr(Msr.lstar, KERNEL_ENTRY);
  cpu.writeMsr(Msr.fmask, BigInt(Rflags.IF | Rflags.DF));
  cpu.writeMsr(Msr.sysenterCs, BigInt(Selector.kernelCode));
  cpu.writeMsr(Msr.sysenterEsp, 0x18_0000n);
  cpu.writeMsr(Msr.sysenterEip, KERNEL_ENTRY);
});

describe("SYSCALL (SDM 2B)", () => {
  it("goes to LSTAR at CPL 0, with RIP in RCX and RFLAGS in R11; FMASK clears flags", () => {
    system.cpu.eflags = Rflags.IF | Rflags.DF | Rflags.CF | Rflags.fixed;
    system.runUser([0x90, ...SYSCALL]);
    const { cpu } = system;
    expect(cpu.rip).toBe(KERNEL_ENTRY + 1n);
    expect(cpu.gpr[Gpr.rcx]).toBe(USER_CODE + 3n);
    expect(cpu.gpr[Gpr.r11]).toBe(BigInt(Rflags.IF | Rflags.DF | Rflags.CF | Rflags.fixed));
    expect(cpu.eflags).toBe(Rflags.CF | Rflags.fixed);
    expect(cpu.state.get32("cpl")).toBe(0);
    expect([system.selector(Segment.cs), system.selector(Segment.ss)]).toEqual([0x10, 0x18]);
    expect(cpu.state.get32("segmentRights", Segment.cs)).toBe(0xa09b);
    expect(cpu.state.get32("segmentRights", Segment.ss)).toBe(0xc093);
    // The stack is still the user's.
    expect(cpu.gpr[Gpr.rsp]).toBe(USER_STACK);
  });

  it("clears the RPL that IA32_STAR has in CS, and leaves it in SS", () => {
    system.cpu.writeMsr(Msr.star, BigInt(Selector.kernelCode | 3) << 32n);
    system.runUser(SYSCALL);
    expect([system.selector(Segment.cs), system.selector(Segment.ss)]).toEqual([0x10, 0x1b]);
  });

  it.each([
    ["when EFER.SCE is 0", Selector.userCode, () => system.cpu.writeMsr(Msr.efer, 0xd00n)],
    ["in compatibility mode", Selector.userCode32, () => {}],
  ])("raises #UD %s", (_, selector, prepare) => {
    prepare();
    system.runUser(SYSCALL, selector);
    expect(system.halted).toBe(6);
  });
});

describe("SYSRET (SDM 2B)", () => {
  const back = (code: readonly number[]) => {
    // The kernel's entry: sysret; what is behind the system call: ud2
    system.handle(0x80, code);
    return system.runUser([...SYSCALL, ...UD2]);
  };

  it("goes back to 64-bit code", () => {
    back([0x48, 0x0f, 0x07]);
    expect(system.halted).toBe(6);
    expect(system.stacked(0)).toBe(USER_CODE + 2n);
    expect(system.stacked(1)).toBe(BigInt(Selector.userCode));
    expect(system.stacked(4)).toBe(BigInt(Selector.userData));
  });

  it("goes back to 32-bit code with a 32-bit operand size", () => {
    back([0x0f, 0x07]);
    expect(system.halted).toBe(6);
    // STAR 63:48 itself; RPL 3.
    expect(system.stacked(1)).toBe(0x1bn);
  });

  it("raises #GP(0) in the kernel for a non-canonical RCX", () => {
    // mov rcx, 1 << 47; sysretq
    back([0x48, 0xb9, 0, 0, 0, 0, 0, 0x80, 0, 0, 0x48, 0x0f, 0x07]);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0n]);
    expect(system.stacked(2)).toBe(BigInt(Selector.kernelCode));
  });

  it("raises #GP(0) at CPL 3", () => {
    system.runUser([0x48, 0x0f, 0x07]);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0n]);
  });
});

/** Xen's advisory 204 and Linux's return from system calls tell that both processors' makers have it so. */
describe("TF, which SYSCALL and SYSRET look at behind them", () => {
  /** Makes a system call with TF set. */
  const call = () => {
    system.cpu.eflags = Rflags.TF | Rflags.fixed;
    system.runUser([...SYSCALL, ...UD2]);
  };

  it("brings no #DB to the system's entry when FMASK clears it", () => {
    system.cpu.writeMsr(Msr.fmask, BigInt(Rflags.TF));
    call();
    expect(system.cpu.rip).toBe(KERNEL_ENTRY + 1n);
    expect(system.cpu.gpr[Gpr.r11]).toBe(BigInt(Rflags.TF | Rflags.fixed));
  });

  it("brings one there when FMASK does not", () => {
    call();
    expect([system.halted, system.stacked(0)]).toEqual([1, KERNEL_ENTRY]);
  });

  it("brings one to the program before its first instruction when SYSRET loads it", () => {
    system.cpu.writeMsr(Msr.fmask, BigInt(Rflags.TF));
    system.handle(0x80, [0x48, 0x0f, 0x07]);
    call();
    expect([system.halted, system.stacked(0)]).toEqual([1, USER_CODE + 2n]);
    expect(system.cpu.state.get64("dr", 6) & 0x4000n).toBe(0x4000n);
  });
});

describe("SYSENTER and SYSEXIT (SDM 2B)", () => {
  it("go to 64-bit code at CPL 0 and back to 32-bit code", () => {
    // mov edx, USER_CODE + 0x40; mov ecx, USER_STACK; sysexit
    system.handle(0x80, [0xba, 0x40, 0, 0x15, 0, 0xb9, 0, 0, 0x1a, 0, 0x0f, 0x35]);
    system.cpu.eflags = Rflags.IF | Rflags.fixed;
    // CS of SYSEXIT is IA32_SYSENTER_CS + 16, SS 24 more than it: descriptors at 0x20 and 0x28.
    system.describe(0x20, 0x00cf_fb00_0000_ffffn);
    system.describe(0x28, 0x00cf_f300_0000_ffffn);
    const at = Number(USER_CODE) + 0x40;
    const code = [...[0x0f, 0x34], ...new Array(at - Number(USER_CODE) - 2).fill(0x90), ...UD2];
    system.runUser(code);
    expect(system.halted).toBe(6);
    expect(system.stacked(0)).toBe(BigInt(at));
    expect(system.stacked(1)).toBe(0x23n);
    expect(Number(system.stacked(2)) & Rflags.IF).toBe(0);
    expect(system.stacked(3)).toBe(USER_STACK);
    expect(system.stacked(4)).toBe(0x2bn);
  });

  it("raise #GP(0) while IA32_SYSENTER_CS is null", () => {
    system.cpu.writeMsr(Msr.sysenterCs, 3n);
    system.runUser([0x0f, 0x34]);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0n]);
  });
});

describe("SWAPGS (SDM 2B)", () => {
  it("exchanges the base of GS with IA32_KERNEL_GS_BASE", () => {
    const { cpu } = system;
    cpu.writeMsr(Msr.kernelGsBase, 0xffff_8000_1234_5678n);
    cpu.writeMsr(Msr.gsBase, TSS);
    system.run([0x0f, 0x01, 0xf8, HLT]);
    expect(cpu.readMsr(Msr.gsBase)).toBe(0xffff_8000_1234_5678n);
    expect(cpu.readMsr(Msr.kernelGsBase)).toBe(TSS);
  });

  it("needs CPL 0, and 64-bit mode first", () => {
    system.runUser([0x0f, 0x01, 0xf8]);
    expect(system.halted).toBe(13);
    system = new LongModeSystem();
    system.runUser([0x0f, 0x01, 0xf8], Selector.userCode32);
    expect(system.halted).toBe(6);
  });
});
