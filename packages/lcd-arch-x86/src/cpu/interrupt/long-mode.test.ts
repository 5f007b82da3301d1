import { beforeEach, describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { STACK_TOP } from "../../testing/index";
import { Gpr, Rflags, Segment } from "../state";
import { externalInterrupt } from "./event";
import { deliver } from "./raise";
import { CODE, HANDLERS, IST1, LongModeSystem, RSP0, Selector, TSS, USER_CODE, USER_STACK } from "./test-long-mode";

const HLT = 0xf4;
const UD2 = [0x0f, 0x0b];

let system: LongModeSystem;
beforeEach(() => {
  system = new LongModeSystem();
});

const flags = (): number => system.cpu.eflags;

describe("a 64-bit interrupt gate (SDM 3A, 64-Bit Mode Stack Frame)", () => {
  it("saves SS, RSP, RFLAGS, CS and RIP of a fault, with RF set, on a stack aligned to 16 bytes", () => {
    system.load([0x90, ...UD2]);
    system.cpu.gpr[Gpr.rsp] = STACK_TOP - 4n;
    expect(system.cpu.run(10)).toEqual({ kind: "halted" });
    expect(system.halted).toBe(6);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(STACK_TOP - 16n - 40n);
    expect([0, 1, 2, 3, 4].map((at) => system.stacked(at))).toEqual([
      CODE + 1n,
      BigInt(Selector.kernelCode),
      0x10002n,
      STACK_TOP - 4n,
      BigInt(Selector.kernelData),
    ]);
  });

  it("pushes the error code last, and CR2 has the address of a page fault", () => {
    system.cpu.gpr[Gpr.rax] = 0x4000_0000_0000n;
    // mov rax, [rax]
    system.run([0x48, 0x8b, 0x00]);
    expect(system.halted).toBe(14);
    expect(system.stacked(0)).toBe(0n);
    expect(system.stacked(1)).toBe(CODE);
    expect(system.cpu.state.get64("cr2")).toBe(0x4000_0000_0000n);
  });

  it("clears TF, NT, RF and IF; a trap gate leaves IF", () => {
    for (const [type, after] of [
      [14, 0],
      [15, Rflags.IF],
    ]) {
      system = new LongModeSystem();
      system.gate(6, { type });
      system.load(UD2);
      system.cpu.eflags = Rflags.IF | Rflags.NT | Rflags.CF | Rflags.fixed;
      system.cpu.run(10);
      expect(flags() & (Rflags.IF | Rflags.NT | Rflags.RF | Rflags.TF)).toBe(after);
      expect(flags() & Rflags.CF).toBe(Rflags.CF);
      expect(Number(system.stacked(2))).toBe(Rflags.IF | Rflags.NT | Rflags.CF | Rflags.RF | Rflags.fixed);
    }
  });

  it("goes from CPL 3 to the stack that the TSS has for CPL 0, with a null SS", () => {
    expect(system.runUser([0x90, ...UD2])).toEqual({ kind: "halted" });
    expect(system.halted).toBe(6);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(RSP0 - 40n);
    expect(system.selector(Segment.ss)).toBe(0);
    expect(system.selector(Segment.cs)).toBe(Selector.kernelCode);
    expect(system.cpu.state.get32("cpl")).toBe(0);
    expect([0, 1, 2, 3, 4].map((at) => system.stacked(at))).toEqual([
      USER_CODE + 1n,
      BigInt(Selector.userCode),
      0x10002n,
      USER_STACK,
      BigInt(Selector.userData),
    ]);
  });

  it("uses the IST entry that it names, at the same privilege level, too; SS stays then", () => {
    system.gate(6, { ist: 1 });
    system.run(UD2);
    expect(system.cpu.gpr[Gpr.rsp]).toBe(IST1 - 40n);
    expect(system.selector(Segment.ss)).toBe(Selector.kernelData);
  });

  it("keeps CPL 3 through a conforming segment, and the user's stack", () => {
    system.gate(6, { selector: Selector.conforming });
    // HLT in the handler is not for CPL 3: #GP at CPL 0, whose frame tells of the handler.
    system.runUser(UD2);
    expect(system.halted).toBe(13);
    expect([1, 2, 4].map((at) => system.stacked(at))).toEqual([
      HANDLERS + 0x60n,
      BigInt(Selector.conforming | 3),
      USER_STACK - 40n,
    ]);
  });

  it("has RF clear in the flags that an external interrupt saves", () => {
    system.load([HLT]);
    expect(deliver(system.cpu, externalInterrupt(0x30))).toBeNull();
    expect(system.cpu.rip).toBe(HANDLERS + 0x300n);
    expect(system.stacked(2)).toBe(2n);
  });
});

describe("faults of a gate (SDM 2A, INT n, IA-32e mode)", () => {
  // Error code: vector * 8, IDT bit, EXT bit for what is no INT n, INT3 or INTO.
  const gateError = (vector: number, external: boolean): bigint => BigInt(vector * 8 + 2 + (external ? 1 : 0));

  it.each([
    ["beyond the limit of the IDT", () => system.cpu.state.set32("idtrLimit", 0x80 * 16 + 14), 13, 0x80, false],
    ["of another type", () => system.gate(0x80, { type: 12 }), 13, 0x80, false],
    ["not present", () => system.gate(0x80, { present: false }), 11, 0x80, false],
  ])("%s: INT n raises it with the gate as error code", (_, spoil, vector, gate, external) => {
    spoil();
    system.run([0xcd, 0x80]);
    expect(system.halted).toBe(vector);
    expect(system.stacked(0)).toBe(gateError(gate, external));
    expect(system.stacked(1)).toBe(CODE);
  });

  it("INT n needs a gate of its own privilege level; exceptions do not", () => {
    system.runUser([0xcd, 0x80]);
    expect(system.halted).toBe(13);
    expect(system.stacked(0)).toBe(gateError(0x80, false));
    system = new LongModeSystem();
    system.gate(0x80, { dpl: 3 });
    system.runUser([0xcd, 0x80]);
    expect(system.halted).toBe(0x80);
    expect(system.stacked(0)).toBe(USER_CODE + 2n);
  });

  it.each([
    ["a null selector", 0, 13, 1n],
    ["data", Selector.kernelData, 13, BigInt(Selector.kernelData | 1)],
    ["a 32-bit segment", Selector.kernelCode32, 13, BigInt(Selector.kernelCode32 | 1)],
    ["a segment that is not present", Selector.absent, 11, BigInt(Selector.absent | 1)],
    ["a segment beyond the GDT", 0x100, 13, 0x101n],
  ])("%s for the handler of an exception raises a fault with EXT set", (_, selector, vector, errorCode) => {
    // #DE is contributory, #UD is not: the second fault is handled on its own.
    system.gate(6, { selector });
    system.run(UD2);
    expect(system.halted).toBe(vector);
    expect(system.stacked(0)).toBe(errorCode);
  });

  it("a non-canonical handler raises #GP, a non-canonical stack #SS", () => {
    system.gate(6, { offset: 0x8000_0000_0000n });
    system.run(UD2);
    expect([system.halted, system.stacked(0)]).toEqual([13, 1n]);
    system = new LongModeSystem();
    system.gate(6, { ist: 2 });
    system.machine.memory.writeU64(__hpa(TSS + 44n), 0x8000_0000_1000n);
    system.run(UD2);
    expect([system.halted, system.stacked(0)]).toEqual([12, 1n]);
  });

  it("a TSS that is too short for the stack raises #TS with its selector", () => {
    system.gate(6, { ist: 7 });
    // Entry 7 ends at offset 36 + 56.
    system.cpu.state.set32("segmentLimit", 90, Segment.tr);
    system.run(UD2);
    expect([system.halted, system.stacked(0)]).toEqual([10, BigInt(Selector.task | 1)]);
    // Stacks come before the handler's address.
    system.gate(6, { ist: 7, offset: 0x8000_0000_0000n });
    system.run(UD2);
    expect(system.halted).toBe(10);
  });
});

describe("double faults (SDM 3A, Conditions for Generating a Double Fault)", () => {
  it("come of a contributory exception during another", () => {
    system.gate(0, { present: false });
    // xor ecx, ecx; div ecx
    system.run([0x31, 0xc9, 0xf7, 0xf1]);
    expect([system.halted, system.stacked(0), system.stacked(1)]).toEqual([8, 0n, CODE + 2n]);
  });

  it("come of a page fault during a page fault, not of one during #GP", () => {
    system.gate(14, { ist: 2 });
    system.machine.memory.writeU64(__hpa(TSS + 44n), 0x4000_0000_1000n);
    system.run([0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x70]);
    expect(system.halted).toBe(8);
    system = new LongModeSystem();
    system.gate(13, { ist: 2 });
    system.machine.memory.writeU64(__hpa(TSS + 44n), 0x4000_0000_1000n);
    // mov rax, 0x8000000000000000; mov rax, [rax]
    system.run([0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x48, 0x8b, 0x00]);
    expect([system.halted, system.stacked(0)]).toEqual([14, 2n]);
    expect(system.cpu.state.get64("cr2")).toBe(0x4000_0000_0ff8n);
  });

  it("and a fault in their delivery shuts the processor down", () => {
    system.cpu.state.set32("idtrLimit", 0);
    expect(system.run(UD2)).toEqual({ kind: "shutdown" });
    expect(system.cpu.rip).toBe(CODE);
  });
});

describe("a handler that faults at its first instruction", () => {
  it("takes time for ever, but ends a run", () => {
    system.gate(14, { ist: 1, offset: 0x4000_0000_0000n });
    expect(system.run([0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0x70], 1000)).toEqual({ kind: "limit" });
  });
});

describe("a limit of instructions, with handlers that begin with what enters the next", () => {
  it("is exact: what is delivered with no instruction in between takes the time of one, INT n its own", () => {
    for (let limit = 1; limit < 40; limit++) {
      const system = new LongModeSystem();
      // UD2; its handler begins with INT 20h, whose handler begins with UD2, which is delivered to a handler of INT 20h ...
      system.handle(6, [0xcd, 0x20]);
      system.handle(0x20, [0x0f, 0x0b]);
      system.load([0x0f, 0x0b]);
      expect(system.cpu.run(limit)).toEqual({ kind: "limit" });
      expect(system.cpu.retired).toBe(limit);
    }
  });
});
