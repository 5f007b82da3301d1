import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { VmcsField as F } from "../../vmx/vmcs-field";
import { Gpr, Rflags, Segment } from "../state";
import { TestGuest } from "./test-guest";
import { LOW_DATA, type Mode, ModeMachine } from "./test-modes";

const HLT = 0xf4;
const UD = { kind: "exception", vector: 6, errorCode: null };
const gp = (errorCode: number) => ({ kind: "exception", vector: 13, errorCode });
const np = (errorCode: number) => ({ kind: "exception", vector: 11, errorCode });

/** A descriptor: base 0x00123456, limit 0xabcde in bytes, and these bits 15:8 and 23:20 of its second word. */
const descriptor = (access: number, flags = 0): bigint =>
  (BigInt(0x0000_0012 | (access << 8) | ((flags | 0xa) << 16)) << 32n) | 0x3456_bcden;

const Access = {
  ldt: 0x82,
  ldtAbsent: 0x02,
  tss: 0x89,
  tss16: 0x81,
  busyTss: 0x8b,
  callGate: 0x8c,
  taskGate: 0x85,
  interruptGate: 0x8e,
  data: 0x93,
  readOnlyData: 0x91,
  userData: 0xf3,
  code: 0x9b,
  executeOnly: 0x99,
  conforming: 0x9e,
  userCode: 0xfb,
} as const;

const UPPER_BASE = 0xffff_8000n;

/** The selector of each entry of the GDT at LOW_DATA; each takes 16 bytes, the second half of which is a base. */
const names = Object.keys(Access) as (keyof typeof Access)[];
const selectorOf = (name: keyof typeof Access): number => 16 + names.indexOf(name) * 16;

function machineWithGdt(mode: Mode, cpl = 0): ModeMachine {
  const machine = new ModeMachine(mode, cpl);
  const { state } = machine.cpu;
  machine.put(0n, 0n, ...names.flatMap((name) => [descriptor(Access[name]), UPPER_BASE]));
  state.set64("gdtrBase", LOW_DATA);
  state.set32("gdtrLimit", 16 + names.length * 16 - 1);
  state.set32("segmentRights", 0x1_0000, Segment.ldtr);
  return machine;
}

const LLDT = [0x0f, 0x00, 0xd0]; // lldt ax
const LTR = [0x0f, 0x00, 0xd8]; // ltr ax

describe("LLDT and LTR (SDM 2A)", () => {
  const load = (mode: Mode, code: readonly number[], selector: number) => {
    const machine = machineWithGdt(mode);
    machine.cpu.gpr[Gpr.rax] = BigInt(selector);
    return { machine, stop: machine.run([...code, HLT]) };
  };

  it.each([
    ["protected", 0x123456n],
    ["64-bit", 0xffff_8000_0012_3456n],
  ] as const)("in %s mode take base, limit and rights from the GDT", (mode, base) => {
    for (const [code, segment, name, rights] of [
      [LLDT, Segment.ldtr, "ldt", Access.ldt],
      [LTR, Segment.tr, "tss", Access.busyTss],
    ] as const) {
      const { machine, stop } = load(mode, code, selectorOf(name));
      expect(stop).toEqual({ kind: "halted" });
      const { state } = machine.cpu;
      expect(state.get64("segmentBase", segment)).toBe(base);
      expect(state.get32("segmentLimit", segment)).toBe(0xabcde);
      expect(state.get32("segmentSelector", segment)).toBe(selectorOf(name));
      expect(state.get32("segmentRights", segment)).toBe(rights);
    }
  });

  it("LTR makes the task busy in the GDT, so that it cannot be loaded again", () => {
    const { machine } = load("64-bit", LTR, selectorOf("tss"));
    expect(machine.machine.memory.readU8(__hpa(LOW_DATA + BigInt(selectorOf("tss") + 5)))).toBe(Access.busyTss);
    expect(machine.run(LTR)).toEqual(gp(selectorOf("tss")));
  });

  it("a null selector makes LDTR unusable, and is #GP(0) for LTR", () => {
    const { machine, stop } = load("protected", LLDT, 3);
    expect([stop.kind, machine.cpu.state.get32("segmentRights", Segment.ldtr)]).toEqual(["halted", 0x1_0000]);
    expect(load("protected", LTR, 3).stop).toEqual(gp(0));
  });

  it.each([
    ["a selector of the LDT", LLDT, selectorOf("ldt") | 4, gp(selectorOf("ldt") | 4)],
    ["a selector beyond the GDT", LLDT, 0xfff8, gp(0xfff8)],
    ["another type", LLDT, selectorOf("tss"), gp(selectorOf("tss"))],
    ["data", LTR, selectorOf("data"), gp(selectorOf("data"))],
    ["a busy task", LTR, selectorOf("busyTss"), gp(selectorOf("busyTss"))],
    ["a segment that is not present", LLDT, selectorOf("ldtAbsent"), np(selectorOf("ldtAbsent"))],
  ])("%s raises what the manual says", (_name, code, selector, expected) => {
    expect(load("64-bit", code, selector).stop).toEqual(expected);
    expect(load("protected", code, selector).stop).toEqual(expected);
  });

  it("a 16-bit TSS is one in protected mode only", () => {
    expect(load("protected", LTR, selectorOf("tss16")).stop).toEqual({ kind: "halted" });
    expect(load("64-bit", LTR, selectorOf("tss16")).stop).toEqual(gp(selectorOf("tss16")));
  });
});

describe("SLDT and STR (SDM 2B)", () => {
  it.each([
    ["sldt ax", [0x66, 0x0f, 0x00, 0xc0], 0x1111_1111_1111_0068n],
    ["sldt eax", [0x0f, 0x00, 0xc0], 0x68n],
    ["sldt rax", [0x48, 0x0f, 0x00, 0xc0], 0x68n],
    ["str eax", [0x0f, 0x00, 0xc8], 0x50n],
  ])("%s writes as much as the register holds", (_name, code, expected) => {
    const machine = new ModeMachine("64-bit", 3);
    machine.cpu.gpr[Gpr.rax] = 0x1111_1111_1111_1111n;
    machine.cpu.state.set32("segmentSelector", 0x68, Segment.ldtr);
    machine.cpu.state.set32("segmentSelector", 0x50, Segment.tr);
    machine.run(code, 1);
    expect(machine.cpu.gpr[Gpr.rax]).toBe(expected);
  });

  it("write two bytes of memory, whatever the operand size", () => {
    const machine = new ModeMachine("64-bit");
    machine.put(-1n);
    machine.cpu.gpr[Gpr.rbx] = LOW_DATA;
    machine.run([0x48, 0x0f, 0x00, 0x0b, HLT]); // str [rbx]
    expect(machine.machine.memory.readU64(__hpa(LOW_DATA))).toBe(0xffff_ffff_ffff_0040n);
  });
});

describe("LAR and LSL (SDM 2A)", () => {
  const ask = (mode: Mode, cpl: number, opcode: number, selector: number) => {
    const machine = machineWithGdt(mode, cpl);
    machine.cpu.gpr[Gpr.rax] = 0x5555n;
    machine.cpu.gpr[Gpr.rcx] = BigInt(selector);
    machine.run([0x0f, opcode, 0xc1], 1); // lar/lsl eax, ecx
    return machine.cpu.rflags & BigInt(Rflags.ZF) ? machine.cpu.gpr[Gpr.rax] : null;
  };
  const [LAR, LSL] = [0x02, 0x03];

  // Bits 19:16, which the manual leaves undefined, are those of the descriptor, as the real processor gives them.
  const rights = (name: keyof typeof Access): bigint => BigInt(Access[name] << 8) | 0xa_0000n;

  it("give the rights and the limit of code and data", () => {
    expect(ask("64-bit", 0, LAR, selectorOf("code"))).toBe(rights("code"));
    expect(ask("protected", 3, LAR, selectorOf("userData") | 3)).toBe(rights("userData"));
    expect(ask("protected", 3, LSL, selectorOf("userData") | 3)).toBe(0xabcden);
  });

  const system = ["ldt", "tss", "tss16", "busyTss", "callGate", "taskGate", "interruptGate"] as const;
  it.each([
    ["protected", LAR, ["ldt", "tss", "tss16", "busyTss", "callGate", "taskGate"]],
    ["64-bit", LAR, ["ldt", "tss", "busyTss", "callGate"]],
    ["protected", LSL, ["ldt", "tss", "tss16", "busyTss"]],
    ["64-bit", LSL, ["ldt", "tss", "busyTss"]],
  ] as const)("in %s mode 0F %i knows these system descriptors: %j", (mode, opcode, known) => {
    expect(system.filter((name) => ask(mode, 0, opcode, selectorOf(name)) !== null)).toEqual(known);
  });

  it("see what privilege allows: CPL and RPL up to DPL, and conforming code always", () => {
    expect(ask("64-bit", 3, LAR, selectorOf("data"))).toBeNull();
    expect(ask("64-bit", 0, LAR, selectorOf("data") | 3)).toBeNull();
    expect(ask("64-bit", 3, LAR, selectorOf("conforming") | 3)).toBe(rights("conforming"));
    expect(ask("64-bit", 0, LAR, selectorOf("ldtAbsent"))).toBe(rights("ldtAbsent"));
  });

  it("do not see null selectors and those beyond a table, and leave the register alone then", () => {
    for (const selector of [0, 3, 0xfff8, selectorOf("data") | 4])
      expect(ask("protected", 0, LSL, selector)).toBeNull();
    const machine = machineWithGdt("64-bit");
    machine.cpu.gpr[Gpr.rax] = 0x7777_7777_7777n;
    machine.run([0x0f, 0x02, 0xc1], 1);
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0x7777_7777_7777n);
  });

  it("read the tables as the processor does, though CPL 3 cannot", () => {
    const machine = machineWithGdt("64-bit", 3);
    machine.machine.memory.writeU64(__hpa(0x3000n), 0x83n); // the page of the GDT, code included, is the kernel's
    machine.machine.memory.writeU64(__hpa(0x3008n), 0x20_0087n);
    machine.machine.memory.write(__hpa(0x20_0000n), Uint8Array.of(0x0f, 0x02, 0xc1));
    machine.cpu.writeControlRegister(3, 0x1000n);
    machine.cpu.rip = 0x20_0000n;
    machine.cpu.gpr[Gpr.rcx] = BigInt(selectorOf("userCode") | 3);
    expect(machine.cpu.run(1)).toEqual({ kind: "limit" });
    expect(machine.cpu.rflags & BigInt(Rflags.ZF)).not.toBe(0n);
  });
});

describe("VERR and VERW (SDM 2B)", () => {
  const verify = (reg: 4 | 5, cpl: number, rpl = cpl) =>
    names.filter((name) => {
      const machine = machineWithGdt("64-bit", cpl);
      machine.cpu.gpr[Gpr.rax] = BigInt(selectorOf(name) | rpl);
      machine.run([0x0f, 0x00, 0xc0 | (reg << 3)], 1);
      return (machine.cpu.rflags & BigInt(Rflags.ZF)) !== 0n;
    });

  it("accept segments that can be read", () => {
    expect(verify(4, 0)).toEqual(["data", "readOnlyData", "userData", "code", "conforming", "userCode"]);
    expect(verify(4, 3)).toEqual(["userData", "conforming", "userCode"]);
  });

  it("accept segments that can be written", () => {
    expect(verify(5, 0)).toEqual(["data", "userData"]);
    expect(verify(5, 0, 3)).toEqual(["userData"]);
  });
});

describe("ARPL (SDM 2A)", () => {
  it.each([
    [0x10n, 3n, 0x13n, true],
    [0x12n, 1n, 0x12n, false],
    [0x13n, 3n, 0x13n, false],
  ])("destination %i, source %i: %i", (destination, source, result, changed) => {
    const machine = new ModeMachine("protected", 3);
    machine.cpu.gpr[Gpr.rax] = 0xabcd_0000n | destination;
    machine.cpu.gpr[Gpr.rcx] = source;
    machine.run([0x63, 0xc8], 1); // arpl ax, cx
    expect(machine.cpu.gpr[Gpr.rax]).toBe(0xabcd_0000n | result);
    expect((machine.cpu.rflags & BigInt(Rflags.ZF)) !== 0n).toBe(changed);
  });
});

describe("in real-address and virtual-8086 mode (SDM 3A, 8086 Emulation)", () => {
  const instructions = {
    lldt: LLDT,
    ltr: LTR,
    sldt: [0x0f, 0x00, 0xc0],
    str: [0x0f, 0x00, 0xc8],
    verr: [0x0f, 0x00, 0xe0],
    verw: [0x0f, 0x00, 0xe8],
    lar: [0x0f, 0x02, 0xc1],
    lsl: [0x0f, 0x03, 0xc1],
    arpl: [0x63, 0xc8],
  };
  it.each(Object.entries(instructions))("%s does not exist", (_name, code) => {
    expect(new ModeMachine("real-address").run(code)).toEqual(UD);
    expect(new ModeMachine("virtual-8086").run(code)).toEqual(UD);
  });
});

describe("VM exits for LDTR and TR (SDM 3C, Access to LDTR or TR)", () => {
  const exiting = [
    [F.processorControls, 0x8401_e1f2n],
    [F.secondaryControls, 1n << 2n],
  ] as const;

  it("tell a register operand: ltr cx", () => {
    const exit = new TestGuest(exiting).exit([0x0f, 0x00, 0xd9]);
    expect(exit).toMatchObject({ reason: 47, qualification: 0n, length: 3 });
    expect(exit.information).toBe(((1 << 3) | (1 << 10) | (3 << 28)) >>> 0);
  });

  it("tell a memory operand: str [rbp+0x20]", () => {
    const exit = new TestGuest(exiting).exit([0x0f, 0x00, 0x4d, 0x20]);
    expect(exit).toMatchObject({ reason: 47, qualification: 0x20n, length: 4 });
    expect(exit.information).toBe(((2 << 7) | (2 << 15) | (1 << 22) | (5 << 23) | (1 << 28)) >>> 0);
  });
});
