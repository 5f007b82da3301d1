import { describe, expect, it } from "vitest";
import type { LocalApicPort } from "../local-apic-port";
import { Gpr } from "../state";
import { cpuid } from "./cpuid";
import type { CpuidSurroundings } from "./features";
import { type Mode, ModeMachine } from "./test-modes";

const HLT = 0xf4;
const bit = (value: number, at: number): number => (value >>> at) & 1;

const surroundings = (changes: Partial<CpuidSurroundings>): CpuidSurroundings => ({
  index: 0,
  processors: 1,
  apic: true,
  apicEnabled: true,
  cr4: 0,
  monitor: true,
  code64: true,
  ...changes,
});

describe("CPUID (SDM 2A)", () => {
  it("names an Intel processor, and the highest leaves", () => {
    const { eax, ebx, ecx, edx } = cpuid(0, 0);
    const letters = [ebx, edx, ecx].flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff));
    expect(String.fromCharCode(...letters)).toBe("GenuineIntel");
    expect([eax, cpuid(0x8000_0000, 0).eax >>> 0]).toEqual([0x15, 0x8000_0008]);
  });

  it("gives the highest basic leaf's answer above it, and zeros for leaves in between that there are not", () => {
    expect(cpuid(0x4000_0000, 0)).toEqual(cpuid(0x15, 0));
    expect(cpuid(0x8000_0009, 0)).toEqual(cpuid(0x15, 0));
    expect(cpuid(3, 0)).toEqual({ eax: 0, ebx: 0, ecx: 0, edx: 0 });
    expect(cpuid(7, 1)).toEqual({ eax: 0, ebx: 0, ecx: 0, edx: 0 });
  });

  it("announces no AVX, no hypervisor", () => {
    expect([bit(cpuid(1, 0).ecx, 28), bit(cpuid(1, 0).ecx, 31), bit(cpuid(7, 0).ebx, 5)]).toEqual([0, 0, 0]);
  });

  it("announces BMI1, BMI2, ADX and LZCNT", () => {
    const { ebx } = cpuid(7, 0);
    expect([bit(ebx, 3), bit(ebx, 8), bit(ebx, 19), bit(cpuid(0x8000_0001, 0).ecx, 5)]).toEqual([1, 1, 1, 1]);
  });

  it("has the APIC bits when there is one, and bit 9 only while it is enabled", () => {
    const of = (changes: Partial<CpuidSurroundings>) => {
      const { ecx, edx } = cpuid(1, 0, surroundings(changes));
      return [bit(edx, 9), bit(ecx, 21), bit(ecx, 24)];
    };
    expect(of({})).toEqual([1, 1, 1]);
    expect(of({ apicEnabled: false })).toEqual([0, 1, 1]);
    expect(of({ apic: false, apicEnabled: false })).toEqual([0, 0, 0]);
  });

  it("tells the topology: cores of one package, one thread each", () => {
    const six = surroundings({ index: 3, processors: 6 });
    expect(cpuid(0xb, 0, six)).toEqual({ eax: 0, ebx: 1, ecx: 0x100, edx: 3 });
    expect(cpuid(0xb, 1, six)).toEqual({ eax: 3, ebx: 6, ecx: 0x201, edx: 3 });
    expect(cpuid(0xb, 2, six)).toEqual({ eax: 0, ebx: 0, ecx: 2, edx: 3 });
    const { ebx, edx } = cpuid(1, 0, six);
    // Initial APIC ID 3, 8 IDs, lines of 8 * 8 bytes; HTT.
    expect([ebx >>> 0, bit(edx, 28)]).toEqual([0x0308_0800, 1]);
  });

  it("tells caches whose sizes are ways * partitions * line size * sets", () => {
    const sizes = [0, 1, 2, 3].map((subleaf) => {
      const { eax, ebx, ecx } = cpuid(4, subleaf, surroundings({ processors: 4 }));
      const size = ((ebx >>> 22) + 1) * (((ebx >>> 12) & 0x3ff) + 1) * ((ebx & 0xfff) + 1) * (ecx + 1);
      return [eax & 0x1f, (eax >>> 5) & 7, ((eax >>> 14) & 0xfff) + 1, size];
    });
    expect(sizes).toEqual([
      [1, 1, 1, 32768],
      [2, 1, 1, 32768],
      [3, 2, 1, 1 << 20],
      [3, 3, 4, 1 << 24],
    ]);
    expect(cpuid(4, 4).eax & 0x1f).toBe(0);
  });

  it("tells a time-stamp counter of 1 GHz, and addresses of 48 and 57 bits", () => {
    const { eax, ebx, ecx } = cpuid(0x15, 0);
    expect((ecx * ebx) / eax).toBe(1e9);
    expect(cpuid(0x8000_0008, 0).eax & 0xffff).toBe(0x3930);
  });

  it.each([
    ["64-bit", 1],
    ["compatibility", 0],
    ["protected", 0],
  ] as const)("announces SYSCALL in %s mode: %i", (mode: Mode, announced) => {
    const machine = new ModeMachine(mode);
    machine.cpu.gpr[Gpr.rax] = 0x8000_0001n;
    machine.run([0x0f, 0xa2, HLT]);
    expect(bit(Number(machine.cpu.gpr[Gpr.rdx]), 11)).toBe(announced);
  });

  it("shows CR4.OSXSAVE, and the APIC's ID", () => {
    const machine = new ModeMachine("64-bit");
    const { cpu } = machine;
    const apic: LocalApicPort = {
      initialId: 5,
      readMsr: () => 0xfee0_0800n,
      writeMsr: () => {},
      tscChanged: () => {},
      taskPriority: 0,
    };
    cpu.localApic = apic;
    cpu.writeControlRegister(4, cpu.readControlRegister(4) | (1n << 18n));
    cpu.gpr[Gpr.rax] = 1n;
    machine.run([0x0f, 0xa2, HLT]);
    expect([bit(Number(cpu.gpr[Gpr.rcx]), 27), cpu.gpr[Gpr.rbx] >> 24n]).toEqual([1, 5n]);
  });
});
