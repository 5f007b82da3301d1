import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generalProtection } from "../exception";
import type { LocalApicPort } from "../local-apic-port";
import { Gpr } from "../state";
import { ModeMachine, modes } from "./test-modes";

const HLT = 0xf4;
const RDMSR = [0x0f, 0x32];
const WRMSR = [0x0f, 0x30];
const GP = { kind: "exception", vector: 13, errorCode: 0 };
const CANONICAL_57 = 0xff00_0000_0000_0000n;

const write = (index: number, value: bigint) => {
  const machine = new ModeMachine("64-bit");
  const { gpr } = machine.cpu;
  gpr[Gpr.rcx] = BigInt(index);
  gpr[Gpr.rax] = value & 0xffff_ffffn;
  gpr[Gpr.rdx] = value >> 32n;
  const stop = machine.run([...WRMSR, ...RDMSR, HLT]);
  return stop.kind === "halted" ? (gpr[Gpr.rdx] << 32n) | gpr[Gpr.rax] : stop;
};
const read = (index: number) => {
  const machine = new ModeMachine("64-bit");
  const { gpr } = machine.cpu;
  gpr[Gpr.rcx] = BigInt(index);
  const stop = machine.run([...RDMSR, HLT]);
  return stop.kind === "halted" ? (gpr[Gpr.rdx] << 32n) | gpr[Gpr.rax] : stop;
};

describe("RDMSR and WRMSR (SDM 2B, 2D)", () => {
  it.each(modes)("in %s mode at CPL %i: #GP(0) above CPL 0", (mode, cpl) => {
    const machine = new ModeMachine(mode, cpl);
    machine.cpu.gpr[Gpr.rcx] = 0x174n;
    expect(machine.run(RDMSR, 1)).toEqual(cpl === 0 ? { kind: "limit" } : GP);
  });

  it("raise #GP(0), and nothing else, for numbers that there are not and values that they do not take", () => {
    const { cpu } = new ModeMachine("64-bit");
    const numbers = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0, max: 0x4ff }));
    fc.assert(
      fc.property(numbers, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (index, value) => {
        for (const access of [() => cpu.readMsr(index), () => cpu.writeMsr(index, value)]) {
          try {
            access();
          } catch (error) {
            expect(error).toMatchObject({ vector: 13, errorCode: 0 });
          }
        }
      }),
    );
    expect([read(0x2), read(0xc000_0104), read(0x4000_0000)]).toEqual([GP, GP, GP]);
  });
});

describe("MSRs with addresses", () => {
  it.each([
    ["IA32_SYSENTER_ESP", 0x175],
    ["IA32_SYSENTER_EIP", 0x176],
    ["IA32_LSTAR", 0xc000_0082],
    ["IA32_FS_BASE", 0xc000_0100],
    ["IA32_KERNEL_GS_BASE", 0xc000_0102],
  ])("%s takes what is canonical with 57 bits", (_name, index) => {
    expect(write(index, CANONICAL_57)).toBe(CANONICAL_57);
    expect(write(index, 0x0100_0000_0000_0000n)).toEqual(GP);
  });
});

describe("memory type range registers (SDM 3A)", () => {
  it("are eight pairs and the fixed ranges, with write-combining", () => {
    expect(read(0xfe)).toBe(0x508n);
    expect(write(0xfe, 0x508n)).toEqual(GP);
    expect([read(0x20f), read(0x210)]).toEqual([0n, GP]);
  });

  it.each([
    ["a base: write-back", 0x200, 0xc000_0006n, true],
    ["a base of type 2, which is reserved", 0x200, 0xc000_0002n, false],
    ["a base with bit 8", 0x200, 0xc000_0106n, false],
    ["a mask", 0x201, 0xffff_f000_0800n, true],
    ["a mask with bit 0", 0x201, 0x801n, false],
    ["fixed ranges", 0x250, 0x0601_0405_0600_0106n, true],
    ["fixed ranges, one of type 7", 0x26f, 0x0700_0000_0000_0000n, false],
    ["the default type, enabled", 0x2ff, 0xc06n, true],
    ["the default type with bit 9", 0x2ff, 0xe06n, false],
  ])("%s: MSR %i, %i", (_name, index, value, taken) => {
    expect(write(index, value)).toEqual(taken ? value : GP);
  });
});

describe("other MSRs (SDM 4)", () => {
  it("IA32_PAT takes the types 0, 1 and 4 to 7 in each byte", () => {
    expect(write(0x277, 0x0706_0504_0100_0007n)).toBe(0x0706_0504_0100_0007n);
    expect([write(0x277, 0x02n), write(0x277, 3n << 56n), write(0x277, 8n)]).toEqual([GP, GP, GP]);
  });

  it("there are no machine-check banks, and no microcode to load", () => {
    expect([read(0x179), read(0x17a), read(0x400)]).toEqual([0n, 0n, GP]);
    expect([read(0x8b), write(0x8b, 0n), write(0x79, 0n)]).toEqual([1n << 32n, 1n << 32n, GP]);
  });

  it("clearing IA32_MISC_ENABLE's bit 18 takes MONITOR away, from CPUID too", () => {
    const machine = new ModeMachine("64-bit");
    const { cpu } = machine;
    cpu.gpr[Gpr.rcx] = 0n;
    expect(machine.run([0x0f, 0x01, 0xc8, HLT])).toEqual({ kind: "halted" });
    cpu.writeMsr(0x1a0, cpu.readMsr(0x1a0) & ~(1n << 18n));
    expect(machine.run([0x0f, 0x01, 0xc8])).toEqual({ kind: "exception", vector: 6, errorCode: null });
    cpu.gpr[Gpr.rax] = 1n;
    machine.run([0x0f, 0xa2, HLT]);
    expect(cpu.gpr[Gpr.rcx] & 8n).toBe(0n);
  });

  it("writing the time-stamp counter moves IA32_TSC_ADJUST by as much (SDM 3B, Time-Stamp Counter Adjustment)", () => {
    const { cpu } = new ModeMachine("64-bit");
    const before = cpu.timeStamp;
    cpu.writeMsr(0x10, before + 1000n);
    expect([cpu.readMsr(0x3b), cpu.readMsr(0x10)]).toEqual([1000n, before + 1000n]);
  });
});

describe("the local APIC's MSRs", () => {
  let changes = 0;
  const apic: LocalApicPort = {
    initialId: 7,
    readMsr: (index) => BigInt(index),
    writeMsr: (index) => {
      if (index === 0x802) throw generalProtection();
    },
    tscChanged: () => {
      changes++;
    },
    taskPriority: 0,
  };

  it("are the APIC's own; without one there are none", () => {
    const { cpu } = new ModeMachine("64-bit");
    for (const index of [0x1b, 0x6e0, 0x800, 0x8ff])
      expect(() => cpu.readMsr(index)).toThrow(expect.objectContaining({ vector: 13 }));
    cpu.localApic = apic;
    for (const index of [0x1b, 0x6e0, 0x800, 0x8ff]) expect(cpu.readMsr(index)).toBe(BigInt(index));
    expect(() => cpu.writeMsr(0x802, 0n)).toThrow(expect.objectContaining({ vector: 13 }));
  });

  it("IA32_TIME_STAMP_COUNTER and IA32_TSC_ADJUST tell it when they are written", () => {
    const { cpu } = new ModeMachine("64-bit");
    cpu.localApic = apic;
    cpu.writeMsr(0x10, 5n);
    cpu.writeMsr(0x3b, 5n);
    expect([changes, cpu.readMsr(0x3b)]).toEqual([2, 5n]);
  });

  it("CR8 is its task priority", () => {
    const machine = new ModeMachine("64-bit");
    machine.cpu.localApic = apic;
    machine.cpu.gpr[Gpr.rax] = 9n;
    machine.run([0x44, 0x0f, 0x22, 0xc0, HLT]); // mov cr8, rax
    expect(apic.taskPriority).toBe(9);
    apic.taskPriority = 4;
    machine.run([0x44, 0x0f, 0x20, 0xc3, HLT]); // mov rbx, cr8
    expect(machine.cpu.gpr[Gpr.rbx]).toBe(4n);
  });
});
