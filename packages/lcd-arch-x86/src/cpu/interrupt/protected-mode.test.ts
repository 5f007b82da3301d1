import { beforeEach, describe, expect, it } from "vitest";
import { STACK_TOP } from "../../testing/index";
import { setSegment } from "../segmentation/registers";
import { Rflags, Segment } from "../state";
import { externalInterrupt } from "./event";
import { deliver } from "./raise";
import {
  CODE,
  HANDLERS,
  OTHER_TSS,
  ProtectedModeSystem,
  Selector,
  STACK_0,
  STACK_1,
  TSS,
  USER_CODE,
  USER_STACK,
} from "./test-protected-mode";

const HLT = 0xf4;
const UD2 = [0x0f, 0x0b];
const IRETD = 0xcf;

let system: ProtectedModeSystem;
beforeEach(() => {
  system = new ProtectedModeSystem();
});

describe("a 32-bit gate (SDM 3A, Exception- or Interrupt-Handler Procedures)", () => {
  it("pushes EFLAGS, CS, EIP and the error code at the same privilege level", () => {
    // mov ds, ax with a selector beyond the GDT
    system.cpu.gpr[0] = 0x1238n;
    system.run([0x8e, 0xd8]);
    expect(system.halted).toBe(13);
    expect(system.esp).toBe(Number(STACK_TOP) - 16);
    expect([0, 1, 2, 3].map((at) => system.stacked(at))).toEqual([0x1238, Number(CODE), Selector.code, 0x10002]);
  });

  it("switches to the stack of the TSS from CPL 3, and saves SS and ESP there", () => {
    system.runAt(3, [0x90, ...UD2]);
    expect(system.halted).toBe(6);
    expect(system.esp).toBe(STACK_0 - 20);
    expect([0, 1, 2, 3, 4].map((at) => system.stacked(at))).toEqual([
      USER_CODE + 1,
      Selector.userCode,
      0x10002,
      USER_STACK,
      Selector.userData,
    ]);
    expect([system.selector(Segment.cs), system.selector(Segment.ss)]).toEqual([Selector.code, Selector.data]);
    expect(system.cpu.state.get32("cpl")).toBe(0);
  });

  it("leads to CPL 1 with the stack for it, too", () => {
    system.gate(0x80, { selector: Selector.code1 & ~3, dpl: 3 });
    // At CPL 1 HLT is not allowed: #GP at CPL 0, whose frame tells where.
    system.runAt(3, [0xcd, 0x80]);
    expect(system.halted).toBe(13);
    expect([1, 2, 4, 5].map((at) => system.stacked(at))).toEqual([
      HANDLERS + 0x800,
      Selector.code1,
      STACK_1 - 20,
      Selector.data1,
    ]);
  });

  it("of 16 bits pushes words, and has an offset of 16 bits", () => {
    system.gate(0x80, { selector: Selector.code16, type: 6, offset: 0x1234 });
    system.machine.memory.write((CODE + 0x1234n) as never, Uint8Array.of(HLT));
    system.run([0xcd, 0x80]);
    expect(system.cpu.rip).toBe(0x1235n);
    expect(system.esp).toBe(Number(STACK_TOP) - 6);
    expect([0, 2, 4].map((at) => system.read16(system.esp + at))).toEqual([
      Number(CODE + 2n) & 0xffff,
      Selector.code,
      2,
    ]);
  });

  it("clears IF, a trap gate does not", () => {
    for (const [type, after] of [
      [14, 0],
      [15, Rflags.IF],
    ]) {
      system = new ProtectedModeSystem();
      system.gate(0x80, { type });
      system.load([0xcd, 0x80]);
      system.cpu.eflags = Rflags.IF | Rflags.fixed;
      system.cpu.run(10);
      expect(system.cpu.eflags & Rflags.IF).toBe(after);
    }
  });

  it("uses a 16-bit stack as one: SP wraps, the upper half of ESP stays", () => {
    const { cpu } = system;
    setSegment(cpu.state, Segment.ss, Selector.stack16, 0x20_0000, 0xffff, 0x93);
    cpu.addressSpaceChanged();
    system.load(UD2);
    cpu.gpr[4] = 0xabcd_0004n;
    cpu.run(10);
    expect(system.halted).toBe(6);
    expect(cpu.gpr[4]).toBe(0xabcd_fff8n);
    expect(system.read32(0x20_0000)).toBe(0x10002);
    expect(system.read32(0x20_fff8)).toBe(Number(CODE));
  });
});

describe("the limit of a 32-bit TSS (SDM 2A, INT n: TSSstackAddress + 5)", () => {
  const interruptWith = (limit: number) => {
    system.gate(0x80, { dpl: 3 });
    system.cpu.state.set32("segmentLimit", limit, Segment.tr);
    return system.runAt(3, [0xcd, 0x80]);
  };

  it("lets ESP0 and SS0 be used when it holds these six bytes", () => {
    interruptWith(9);
    expect(system.halted).toBe(0x80);
  });

  it("raises #TS below that; its handler has no stack either, nor has that of #DF", () => {
    expect(interruptWith(8)).toEqual({ kind: "shutdown" });
  });
});

describe("faults on the way to a handler (SDM 2A, INT n, PROTECTED-MODE)", () => {
  it.each([
    ["a gate beyond the limit", () => system.cpu.state.set32("idtrLimit", 0x80 * 8 + 6), 13, 0x402],
    ["a call gate in the IDT", () => system.gate(0x80, { type: 12 }), 13, 0x402],
    ["a gate that is not present", () => system.gate(0x80, { present: false }), 11, 0x402],
    ["a null code selector", () => system.gate(0x80, { selector: 0 }), 13, 0],
    ["a code selector that names data", () => system.gate(0x80, { selector: Selector.data }), 13, Selector.data],
    ["less privileged code", () => system.gate(0x80, { selector: Selector.userCode }), 13, Selector.userCode & ~3],
    ["an offset beyond the segment", () => system.gate(0x80, { selector: Selector.code16, offset: 0x10000 }), 13, 0],
  ])("%s", (_, spoil, vector, errorCode) => {
    spoil();
    system.run([0xcd, 0x80]);
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([vector, errorCode, Number(CODE)]);
  });

  it.each([
    ["null", 0, 10, 0],
    ["with the wrong RPL", Selector.data | 1, 10, Selector.data],
    ["of the wrong privilege", Selector.userData & ~3, 10, Selector.userData & ~3],
    ["read-only", Selector.readOnly, 10, Selector.readOnly],
    ["beyond the GDT", 0x1000, 10, 0x1000],
    ["not present", Selector.absent, 12, Selector.absent],
  ])("an SS in the TSS that is %s", (_, selector, vector, errorCode) => {
    // The second fault needs a stack, too: its handler is a task of its own.
    system.gate(vector, { type: 5, selector: Selector.otherTask });
    prepareTask(system);
    system.write32(TSS + 8, selector);
    system.gate(0x80, { dpl: 3 });
    system.runAt(3, [0xcd, 0x80]);
    expect(system.selector(Segment.tr)).toBe(Selector.otherTask);
    expect(system.stacked(0)).toBe(errorCode);
  });

  it("a stack without room raises #SS with the new SS", () => {
    system.gate(12, { type: 5, selector: Selector.otherTask });
    prepareTask(system);
    system.write32(TSS + 8, Selector.small);
    system.write32(TSS + 4, 0x1010);
    system.gate(0x80, { dpl: 3 });
    // 0x1010 - 20 bytes: the highest doubleword lies above the limit of 0xfff.
    system.runAt(3, [0xcd, 0x80]);
    expect(system.stacked(0)).toBe(Selector.small);
  });

  it("during an external interrupt sets EXT", () => {
    system.gate(0x30, { present: false });
    system.load([HLT]);
    deliver(system.cpu, externalInterrupt(0x30));
    expect(system.cpu.rip).toBe(BigInt(HANDLERS + 11 * 16));
    expect(system.stacked(0)).toBe(0x30 * 8 + 3);
  });
});

/** A task at CPL 0 that halts, on a stack at STACK_1. */
function prepareTask(target: ProtectedModeSystem): void {
  target.write32(OTHER_TSS + 32, HANDLERS);
  target.write32(OTHER_TSS + 36, 2);
  target.write32(OTHER_TSS + 56, STACK_1);
  for (const [index, selector] of [Selector.data, Selector.code, Selector.data, Selector.data, 0, 0].entries()) {
    target.write32(OTHER_TSS + 72 + index * 4, selector);
  }
}

describe("IRETD in protected mode (SDM 2A, IRET)", () => {
  const TOP = STACK_TOP - 0x100n;

  /** Pushes doublewords, the first one last, and executes IRETD. */
  const iret = (limit: number, ...frame: readonly number[]): void => {
    system.load([IRETD]);
    system.cpu.gpr[4] = TOP - BigInt(frame.length * 4);
    frame.forEach((value, index) => {
      system.write32(system.esp + index * 4, value);
    });
    system.cpu.run(limit);
  };

  it("stays on its stack at the same privilege level", () => {
    iret(1, 0x15_0000, Selector.code, 0x246);
    expect(system.cpu.rip).toBe(0x15_0000n);
    expect(system.esp).toBe(Number(TOP));
    expect(system.cpu.eflags).toBe(0x246);
  });

  it("goes to CPL 3 with its stack, and closes segments of more privilege", () => {
    iret(1, USER_CODE, Selector.userCode, 2, USER_STACK, Selector.userData);
    expect(system.cpu.rip).toBe(BigInt(USER_CODE));
    expect(system.esp).toBe(USER_STACK);
    expect(system.cpu.state.get32("cpl")).toBe(3);
    expect([Segment.ds, Segment.es, Segment.fs, Segment.gs].map((s) => system.selector(s))).toEqual([0, 0, 0, 0]);
  });

  it("loads only SP when the outer stack is a 16-bit one", () => {
    system.describe(Selector.stack16, 0x0000_f220_0000_ffffn);
    iret(1, USER_CODE, Selector.userCode, 2, 0x1234_5678, Selector.stack16 | 3);
    expect(system.esp).toBe((Number(TOP) & 0xffff0000) | 0x5678);
  });

  it.each([
    ["more privileged code from CPL 1", Selector.code, 13, Selector.code],
    ["a null selector", 0, 13, 0],
    ["data", Selector.data1, 13, Selector.data1 & ~3],
  ])("refuses %s", (_, selector, vector, errorCode) => {
    system.write32(USER_STACK - 12, USER_CODE);
    system.write32(USER_STACK - 8, selector);
    system.write32(USER_STACK - 4, 2);
    // sub esp, 12; iretd
    system.runAt(1, [0x83, 0xec, 12, IRETD]);
    expect([system.halted, system.stacked(0)]).toEqual([vector, errorCode]);
  });

  it("refuses a stack that ends in the frame", () => {
    setSegment(system.cpu.state, Segment.ss, Selector.small, 0, 0xfff, 0x4093);
    system.cpu.addressSpaceChanged();
    system.gate(12, { type: 5, selector: Selector.otherTask });
    prepareTask(system);
    system.load([IRETD]);
    system.cpu.gpr[4] = 0xff8n;
    system.cpu.run(10);
    expect(system.selector(Segment.tr)).toBe(Selector.otherTask);
    // EIP as the old task's TSS has it: the IRET.
    expect(system.read32(TSS + 32)).toBe(Number(CODE));
  });
});

describe("BOUND and INTO", () => {
  it("BOUND raises #BR outside of its bounds only, signed", () => {
    // bound eax, [0x300000]
    const code = [0x62, 0x05, 0, 0, 0x30, 0, HLT];
    for (const [index, vector] of [
      [-5, -1],
      [7, -1],
      [-6, 5],
      [8, 5],
    ]) {
      system = new ProtectedModeSystem();
      system.write32(0x30_0000, -5);
      system.write32(0x30_0004, 7);
      system.cpu.gpr[0] = BigInt(index >>> 0);
      system.run(code);
      expect(vector < 0 ? Number(system.cpu.rip - CODE) : system.halted).toBe(vector < 0 ? code.length : vector);
    }
  });

  it("INTO is INT 4 while OF is set, and saves EIP behind it", () => {
    system.load([0xce, HLT]);
    system.cpu.eflags = Rflags.OF | Rflags.fixed;
    system.cpu.run(10);
    expect([system.halted, system.stacked(0)]).toEqual([4, Number(CODE) + 1]);
    system = new ProtectedModeSystem();
    system.run([0xce, HLT]);
    expect(system.cpu.rip).toBe(CODE + 2n);
  });
});
