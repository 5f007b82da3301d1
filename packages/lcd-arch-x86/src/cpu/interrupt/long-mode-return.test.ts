import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { STACK_TOP } from "../../testing/index";
import { Gpr, Rflags, Segment } from "../state";
import { Blocking } from "./shadow";
import { CODE, LongModeSystem, Selector, USER_CODE, USER_STACK } from "./test-long-mode";

const HLT = 0xf4;
const UD2 = [0x0f, 0x0b];
const IRETQ = [0x48, 0xcf];

let system: LongModeSystem;
beforeEach(() => {
  system = new LongModeSystem();
});

/** Makes quadwords the top of the stack. */
function stack(...values: readonly (bigint | number)[]): void {
  system.cpu.gpr[Gpr.rsp] = STACK_TOP - BigInt(values.length * 8);
  values.forEach((value, index) => {
    system.machine.memory.writeU64(__hpa(system.cpu.gpr[Gpr.rsp] + BigInt(index * 8)), BigInt(value));
  });
}

/** Runs IRETQ at CPL 0 with a frame on the stack; goes on for `limit` instructions. */
function iret(rip: bigint, cs: number, flags: number, rsp: bigint, ss: number, limit = 1) {
  system.load([...IRETQ]);
  stack(rip, cs, flags, rsp, ss);
  return system.cpu.run(limit);
}

describe("IRETQ (SDM 2A, IRET, IA-32e mode)", () => {
  it("goes to CPL 3 with the stack, flags and segments of the frame", () => {
    iret(USER_CODE, Selector.userCode, 0x246, USER_STACK, Selector.userData);
    const { cpu } = system;
    expect(cpu.rip).toBe(USER_CODE);
    expect(cpu.gpr[Gpr.rsp]).toBe(USER_STACK);
    expect(cpu.state.get32("cpl")).toBe(3);
    expect(cpu.rflags).toBe(0x246n);
    expect(system.selector(Segment.cs)).toBe(Selector.userCode);
    expect(system.selector(Segment.ss)).toBe(Selector.userData);
    expect(cpu.state.get32("segmentRights", Segment.cs)).toBe(0xa0fb);
    expect(cpu.state.get32("segmentRights", Segment.ss)).toBe(0xc0f3);
  });

  it("pops the stack pointer at the same privilege level, too, and takes a null SS there", () => {
    iret(CODE + 0x100n, Selector.kernelCode, 2, STACK_TOP - 0x123n, 0);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(STACK_TOP - 0x123n);
    expect(system.selector(Segment.ss)).toBe(0);
    // It can still push: 64-bit mode does not look at SS.
    system.cpu.rip = CODE;
    system.load([0x50, HLT]);
    system.cpu.gpr[Gpr.rsp] = STACK_TOP;
    expect(system.cpu.run(10)).toEqual({ kind: "halted" });
  });

  it("looks at the target before the stack at the same privilege level, as the machine's own processor does", () => {
    // RETURN-TO-SAME-PRIVILEGE-LEVEL begins with #GP(0) for RIP; SS of another RPL would be #GP(selector).
    iret(1n << 63n, Selector.kernelCode, 2, STACK_TOP, Selector.userData, 10);
    expect(system.halted).toBe(13);
    expect(system.stacked(0)).toBe(0n);
    system = new LongModeSystem();
    iret(CODE, Selector.kernelCode, 2, STACK_TOP, Selector.userData, 10);
    expect(system.stacked(0)).toBe(BigInt(Selector.userData & ~3));
  });

  it("takes null selectors out of data segments that CPL 3 must not use", () => {
    const { state } = system.cpu;
    state.set32("segmentSelector", Selector.userData, Segment.fs);
    state.set32("segmentRights", 0xc0f3, Segment.fs);
    iret(USER_CODE, Selector.userCode, 2, USER_STACK, Selector.userData);
    expect(system.selector(Segment.ds)).toBe(0);
    expect(state.get32("segmentRights", Segment.ds) & 0x10000).toBe(0x10000);
    expect(system.selector(Segment.fs)).toBe(Selector.userData);
  });

  it("makes null selectors with an RPL 0 (SDM 2B, RET: SegmentSelector == NULL), as the machine's own processor does", () => {
    const { state } = system.cpu;
    for (const [segment, selector] of [
      [Segment.ds, 3],
      [Segment.gs, 1],
    ]) {
      state.set32("segmentSelector", selector, segment);
      state.set32("segmentRights", 0x10000, segment);
    }
    iret(USER_CODE, Selector.userCode, 2, USER_STACK, Selector.userData);
    expect([system.selector(Segment.ds), system.selector(Segment.gs)]).toEqual([0, 0]);
  });

  it("keeps the base of a GS whose selector it makes null: 64-bit code goes on using it", () => {
    const { cpu, machine } = system;
    cpu.state.set64("segmentBase", USER_STACK, Segment.gs);
    machine.memory.writeU64(__hpa(USER_STACK + 8n), 0x1234n);
    // mov rax, gs:[8]; ud2
    machine.memory.write(__hpa(USER_CODE), Uint8Array.from([0x65, 0x48, 0x8b, 4, 0x25, 8, 0, 0, 0, ...UD2]));
    iret(USER_CODE, Selector.userCode, 2, USER_STACK, Selector.userData, 10);
    expect([system.halted, cpu.gpr[Gpr.rax], system.selector(Segment.gs)]).toEqual([6, 0x1234n, 0]);
  });

  it("goes to compatibility mode through a 32-bit segment", () => {
    // inc eax (in 64-bit mode that is a REX prefix); ud2
    system.machine.memory.write(__hpa(USER_CODE), Uint8Array.from([0x40, ...UD2]));
    iret(USER_CODE, Selector.userCode32, 2, USER_STACK, Selector.userData, 10);
    expect(system.halted).toBe(6);
    expect(system.cpu.gpr[Gpr.rax]).toBe(1n);
    expect(system.stacked(1)).toBe(BigInt(Selector.userCode32));
  });

  it.each([
    ["a null CS", USER_CODE, 3, Selector.userData, 13, 0],
    ["a CS of a privilege level other than its RPL", USER_CODE, Selector.kernelCode | 3, Selector.userData, 13, 0x10],
    ["data in CS", USER_CODE, Selector.userData, Selector.userData, 13, Selector.userData & ~3],
    ["a code segment that is not present", USER_CODE, Selector.absent, 0, 11, Selector.absent],
    ["a null SS for CPL 3", USER_CODE, Selector.userCode, 3, 13, 0],
    ["an SS of another privilege level", USER_CODE, Selector.userCode, Selector.kernelData, 13, Selector.kernelData],
    ["code in SS", USER_CODE, Selector.userCode, Selector.userCode, 13, Selector.userCode & ~3],
    ["a non-canonical RIP", 0x8000_0000_0000n, Selector.userCode, Selector.userData, 13, 0],
    ["an RIP beyond 4 GiB for 32-bit code", 0x1_0000_0000n, Selector.userCode32, Selector.userData, 13, 0],
  ])("refuses %s", (_, rip, cs, ss, vector, errorCode) => {
    expect(iret(rip, cs, 2, USER_STACK, ss, 10)).toEqual({ kind: "halted" });
    expect(system.halted).toBe(vector);
    expect(system.stacked(0)).toBe(BigInt(errorCode));
    expect(system.stacked(1)).toBe(CODE);
    expect(system.stacked(4)).toBe(STACK_TOP - 40n);
  });

  it("raises #SS(0) for a stack that ends below an address that is not canonical, as the machine's own processor does", () => {
    system.cpu.deliversExceptions = false;
    system.load([...IRETQ]);
    for (const rsp of [0x7fff_ffff_fffcn, 0x8000_0000_0000n]) {
      system.cpu.gpr[Gpr.rsp] = rsp;
      expect(system.cpu.run(1)).toEqual({ kind: "exception", vector: 12, errorCode: 0 });
    }
  });

  it("refuses a task return", () => {
    system.load([...IRETQ]);
    system.cpu.eflags = Rflags.NT | Rflags.fixed;
    system.cpu.run(10);
    expect([system.halted, system.stacked(0)]).toEqual([13, 0n]);
  });

  it("does not let CPL 3 change IOPL, nor IF without the privilege for it", () => {
    const wanted = Rflags.IF | Rflags.IOPL | Rflags.CF | Rflags.fixed;
    for (const [before, after] of [
      [Rflags.fixed, Rflags.fixed | Rflags.CF],
      [Rflags.IOPL | Rflags.fixed, Rflags.IOPL | Rflags.IF | Rflags.CF | Rflags.fixed],
    ]) {
      system = new LongModeSystem();
      const { cpu } = system;
      cpu.eflags = before;
      const frame = [USER_CODE + 0x40n, Selector.userCode, wanted, USER_STACK, Selector.userData];
      frame.forEach((value, index) => {
        system.machine.memory.writeU64(__hpa(USER_STACK - 40n + BigInt(index * 8)), BigInt(value));
      });
      system.machine.memory.write(__hpa(USER_CODE + 0x40n), Uint8Array.from(UD2));
      // sub rsp, 40; iretq
      system.runUser([0x48, 0x83, 0xec, 40, ...IRETQ]);
      expect(system.halted).toBe(6);
      expect(Number(system.stacked(2)) & ~Rflags.RF).toBe(after);
    }
  });

  it("lets NMIs come again", () => {
    system.cpu.interruptibility = Blocking.byNmi;
    iret(USER_CODE, Selector.userCode, 2, USER_STACK, Selector.userData);
    expect(system.cpu.interruptibility).toBe(0);
  });

  it("goes back to where an exception was raised", () => {
    // Handler of #UD: add qword [rsp], 2; iretq
    system.handle(6, [0x48, 0x83, 0x04, 0x24, 2, ...IRETQ]);
    expect(system.run([...UD2, 0xb0, 7, HLT])).toEqual({ kind: "halted" });
    expect(system.cpu.rip).toBe(CODE + 5n);
    expect(system.cpu.gpr[Gpr.rax] & 0xffn).toBe(7n);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(STACK_TOP);
  });
});

describe("RF", () => {
  it("loaded by IRET lasts for one instruction", () => {
    system.machine.memory.write(__hpa(CODE + 0x100n), Uint8Array.from([0x90, 0x90, HLT]));
    iret(CODE + 0x100n, Selector.kernelCode, Rflags.RF | Rflags.fixed, STACK_TOP, Selector.kernelData);
    expect(system.cpu.eflags & Rflags.RF).toBe(Rflags.RF);
    system.cpu.run(1);
    expect(system.cpu.eflags & Rflags.RF).toBe(0);
  });
});

describe("far RET", () => {
  it("goes to CPL 3 and releases parameters on both stacks (SDM 2B, RET)", () => {
    // retfq 16
    system.load([0x48, 0xca, 16, 0]);
    stack(USER_CODE, Selector.userCode, 1, 2, USER_STACK, Selector.userData);
    system.cpu.run(1);
    expect(system.cpu.rip).toBe(USER_CODE);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(USER_STACK + 16n);
    expect(system.cpu.state.get32("cpl")).toBe(3);
  });

  it("stays on its stack at the same privilege level", () => {
    // retf: a 32-bit frame
    system.load([0xcb]);
    stack(0x15_0000n | (BigInt(Selector.kernelCode) << 32n));
    system.cpu.run(1);
    expect(system.cpu.rip).toBe(USER_CODE);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(STACK_TOP);
  });
});
