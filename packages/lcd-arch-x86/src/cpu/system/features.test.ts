import { describe, expect, it } from "vitest";
import { CR4_SUPPORTED } from "../../mmu/control-bits";
import { CodeMode } from "../code-mode";
import { cr4OfFeatures, features } from "./features";
import { systemOperations } from "./index";
import { type Exemplar, exemplars } from "./test-exemplars";

/** What CPUID features, by iced-x86's names, are here: announced under our name, or part of every 64-bit processor. */
const present: Readonly<Record<string, string>> = {
  INTEL8086: "base",
  INTEL186: "base",
  INTEL286: "base",
  INTEL386: "base",
  INTEL486: "base",
  X64: "longMode",
  CPUID: "base",
  PAUSE: "base",
  RDPMC: "base",
  MULTIBYTENOP: "base",
  FPU: "fpu",
  FPU287: "fpu",
  FPU387: "fpu",
  TSC: "tsc",
  MSR: "msr",
  CX8: "cx8",
  SEP: "sep",
  CMOV: "cmov",
  CLFSH: "clfsh",
  MMX: "mmx",
  FXSR: "fxsr",
  SSE: "sse",
  SSE2: "sse2",
  SSE3: "sse3",
  PCLMULQDQ: "pclmulqdq",
  MONITOR: "monitor",
  VMX: "vmx",
  INVEPT: "vmx",
  INVVPID: "vmx",
  SSSE3: "ssse3",
  CMPXCHG16B: "cx16",
  SSE4_1: "sse41",
  SSE4_2: "sse42",
  MOVBE: "movbe",
  POPCNT: "popcnt",
  AES: "aes",
  XSAVE: "xsave",
  RDRAND: "rdrand",
  RDSEED: "rdseed",
  FSGSBASE: "fsgsbase",
  INVPCID: "invpcid",
  SMAP: "smap",
  CLFLUSHOPT: "clflushopt",
  CLWB: "clwb",
  LZCNT: "lzcnt",
  PREFETCHW: "prefetchw",
  SYSCALL: "syscall",
  RDTSCP: "rdtscp",
  BMI1: "bmi1",
  BMI2: "bmi2",
  ADX: "adx",
};

/** Instructions that do something harmless, or what they were before, on processors that do not announce them. */
const backwardCompatible = new Set([
  // No-operations: hints, ENDBR and RDSSP (SDM 2A, 2B, "CLDEMOTE", "ENDBR64", "PREFETCHh", "RDSSPD/RDSSPQ").
  "Cldemote_m8",
  "Prefetchwt1_m8",
  "Prefetchit0_m8",
  "Prefetchit1_m8",
  "Endbr32",
  "Endbr64",
  "Rdsspd_r32",
  "Rdsspq_r64",
  // WBINVD, whose prefix is ignored.
  "Wbnoinvd",
]);

/** Names of what raises #UD by definition. */
const isUndefinedInstruction = (name: string): boolean => /^Ud[012]/.test(name);

/** Instructions of VMX that need capabilities which are not reported: there are no VM functions. */
const withoutCapability = new Set(["Vmfunc"]);

const isAnnounced = (needed: string): boolean => present[needed] === "base" || present[needed] in features;

const anyMode = CodeMode.flat | CodeMode.sse | CodeMode.protected;
const modeOf = { 16: anyMode | 1 | (1 << 2), 32: anyMode | 2 | (2 << 2), 64: anyMode | 3 | (3 << 2) } as const;

describe.each([16, 32, 64] as const)("every instruction that iced-x86 decodes as %i-bit code", (bitness) => {
  const all = exemplars(bitness, modeOf[bitness]);
  const isDefined = ({ name, features: needed }: Exemplar): boolean =>
    needed.every((feature) => feature in present) && !withoutCapability.has(name) && !isUndefinedInstruction(name);

  it("is looked at: more than 1,300 of them without vector prefixes, and 13 of BMI with them", () => {
    expect(all.filter(({ legacy }) => legacy).length).toBeGreaterThan(1300);
    const vector = all.filter((exemplar) => !exemplar.legacy && isDefined(exemplar));
    // Each of the thirteen, in 64-bit code for 32 and 64 bits.
    expect(vector.length).toBe(bitness === 64 ? 26 : 13);
  });

  it("is implemented when CPUID announces it", () => {
    const missing = all
      .filter((exemplar) => isDefined(exemplar) && exemplar.features.every(isAnnounced))
      .filter((exemplar) => exemplar.undefined);
    expect(missing.map(({ name, features: needed }) => `${name} (${needed})`)).toEqual([]);
  });

  it("raises #UD when it belongs to a feature that there is not", () => {
    const extra = all
      .filter((exemplar) => !isDefined(exemplar))
      .filter(({ name, undefined: raises }) => !raises && !backwardCompatible.has(name));
    expect(extra.map(({ name, features: needed }) => `${name} (${needed})`)).toEqual([]);
  });

  it("is known to cpu/system/ when it is left to that", () => {
    const unknown = all.flatMap(({ operations }) => operations).filter((name) => !systemOperations.has(name));
    expect([...new Set(unknown)]).toEqual([]);
  });
});

describe("the LOCK prefix", () => {
  // SDM 2A, "LOCK": the instructions that may have it, with a destination in memory.
  const lockable =
    "Adc Add And Btc Btr Bts Cmpxchg Cmpxchg16b Cmpxchg8b Dec Inc Neg Not Or Sbb Sub Xadd Xchg Xor".split(" ");

  it("raises #UD on every other instruction, and with a register as destination", () => {
    const defined = exemplars(64, modeOf[64], [0xf0]).filter(({ undefined: raises }) => !raises);
    expect([...new Set(defined.map(({ name }) => name.split("_")[0]))].sort()).toEqual(lockable);
    expect(defined.filter(({ toMemory }) => !toMemory).map(({ name }) => name)).toEqual([]);
  });
});

describe("the table of features", () => {
  it("has no two features in one bit", () => {
    const places = Object.values(features).map(({ leaf, register, bit }) => `${leaf} ${register} ${bit}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("brings exactly the CR4 bits that can be set", () => {
    expect(cr4OfFeatures).toBe(CR4_SUPPORTED);
  });
});
