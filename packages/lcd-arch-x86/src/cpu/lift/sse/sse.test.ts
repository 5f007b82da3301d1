import { describe, expect, it } from "vitest";
import { __hpa } from "../../../address";
import { Cr0, Cr4 } from "../../../mmu/index";
import { BareMachine, DATA } from "../../../testing/index";
import { Gpr } from "../../state";

const HLT = 0xf4;
const HALTED = { kind: "halted" };
const exception = (vector: number, errorCode: number | null = null) => ({ kind: "exception", vector, errorCode });

/** Instructions on XMM0, and XMM1 or memory at RDI. */
const ADDSD = [0xf2, 0x0f, 0x58, 0xc1];
const DIVSD = [0xf2, 0x0f, 0x5e, 0xc1];
const MULSD = [0xf2, 0x0f, 0x59, 0xc1];
const SUBSD = [0xf2, 0x0f, 0x5c, 0xc1];
const ADDSD_MEMORY = [0xf2, 0x0f, 0x58, 0x07];
const MULSD_MEMORY = [0xf2, 0x0f, 0x59, 0x07];
const MOVSD_MEMORY = [0xf2, 0x0f, 0x10, 0x07];
/** movapd xmm1, xmm0 */
const MOVAPD_1_0 = [0x66, 0x0f, 0x28, 0xc8];
const ADDPD_MEMORY = [0x66, 0x0f, 0x58, 0x07];
const MOVUPD_MEMORY = [0x66, 0x0f, 0x10, 0x07];
const LDMXCSR = [0x0f, 0xae, 0x17];
const CRC32 = [0xf2, 0x0f, 0x38, 0xf1, 0x07];

/** MXCSR at reset: everything masked, round to nearest (SDM 1, "MXCSR Control and Status Register"). */
const DEFAULT = 0x1f80;
const Flag = { DE: 1 << 1, ZE: 1 << 2, OE: 1 << 3, UE: 1 << 4, PE: 1 << 5 } as const;
const ROUND_UP = 2 << 13;
const FTZ = 1 << 15;
const ZE_UNMASKED = DEFAULT & ~(1 << 9);

const view = new DataView(new ArrayBuffer(8));
const bitsOf = (value: number): bigint => {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
};
const numberOf = (bits: bigint): number => {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
};

interface Options {
  a?: number;
  b?: number;
  mxcsr?: number;
  cr0?: number;
  /** Cleared in CR4. */
  without?: number;
  rdi?: bigint;
  /** Doubles at DATA. */
  memory?: readonly number[];
  /** Which tier runs the code (MachineOptions). */
  tier?: { coldThreshold?: number; hotThreshold?: number };
}

/** Code that is interpreted, translated, and translated for speed. */
const TIERS = [{}, { coldThreshold: 0 }, { coldThreshold: 0, hotThreshold: 0 }] as const;

function machine(options: Options = {}): BareMachine {
  const { a = 0, b = 0, mxcsr = DEFAULT, cr0 = 0, without = 0, rdi = DATA, tier = {} } = options;
  const bare = new BareMachine(tier);
  const { cpu } = bare;
  cpu.writeControlRegister(4, (cpu.readControlRegister(4) | BigInt(Cr4.OSFXSR | Cr4.OSXMMEXCPT)) & ~BigInt(without));
  cpu.writeControlRegister(0, cpu.readControlRegister(0) | BigInt(cr0));
  cpu.state.set64("xmm", bitsOf(a), 0);
  cpu.state.set64("xmm", bitsOf(b), 2);
  cpu.state.set32("mxcsr", mxcsr);
  cpu.gpr[Gpr.rdi] = rdi;
  return bare;
}

/** Result of a double-precision instruction, and the flags that it adds to MXCSR. */
function compute(code: readonly number[], options: Options): { result: number; flags: number } {
  const bare = machine(options);
  bare.machine.memory.write(__hpa(DATA), new Uint8Array(Float64Array.from(options.memory ?? []).buffer));
  expect(bare.run([...code, HLT])).toEqual(HALTED);
  const { state } = bare.cpu;
  return { result: numberOf(state.get64("xmm")), flags: state.get32("mxcsr") ^ (options.mxcsr ?? DEFAULT) };
}

describe("flags of MXCSR (SDM 1, SIMD Floating-Point Exception Conditions)", () => {
  it.each([
    ["an exact sum sets none", ADDSD, { a: 1, b: 2 }, { result: 3, flags: 0 }],
    ["an inexact quotient sets PE", DIVSD, { a: 1, b: 3 }, { result: 1 / 3, flags: Flag.PE }],
    ["a zero divisor sets ZE", DIVSD, { a: -1, b: 0 }, { result: Number.NEGATIVE_INFINITY, flags: Flag.ZE }],
    [
      "a product beyond all numbers sets OE and PE",
      MULSD,
      { a: 2 ** 1000, b: 2 ** 1000 },
      { result: Number.POSITIVE_INFINITY, flags: Flag.OE | Flag.PE },
    ],
    [
      "a tiny product that is not exact sets UE and PE",
      MULSD,
      { a: 2 ** -1000, b: 2 ** -1000 },
      { result: 0, flags: Flag.UE | Flag.PE },
    ],
    ["a denormal operand sets DE", ADDSD, { a: 2 ** -1074, b: 2 ** -1074 }, { result: 2 ** -1073, flags: Flag.DE }],
  ])("%s", (_, code, options, expected) => {
    for (const tier of TIERS) {
      expect(compute(code, { ...options, tier })).toEqual(expected);
      // The same when PE is set already, and WebAssembly computes what is ordinary.
      const flags = expected.flags & ~Flag.PE;
      expect(compute(code, { ...options, tier, mxcsr: DEFAULT | Flag.PE })).toEqual({ ...expected, flags });
    }
  });

  // Translated code looks at a number once in a block: not where it is computed, and used, if it was all right before.
  it.each([
    [
      "a result is denormal, though exact, and the next operand: 2^-1022 / 2 + 2^-1022",
      [...MULSD, ...ADDSD_MEMORY],
      { a: 2 ** -1022, b: 0.5, memory: [2 ** -1022] },
      { result: 1.5 * 2 ** -1022, flags: Flag.DE },
    ],
    [
      "a difference is denormal, and the next operand: (1.5 - 1) * 2^-1022 * 2",
      [...SUBSD, ...MULSD_MEMORY],
      { a: 1.5 * 2 ** -1022, b: 2 ** -1022, memory: [2] },
      { result: 2 ** -1022, flags: Flag.DE },
    ],
    [
      "an operand is denormal that the instruction before had, too: 1 + 2^-1074 + 2^-1074",
      [...ADDSD, ...ADDSD],
      { a: 1, b: 2 ** -1074 },
      { result: 1, flags: Flag.DE },
    ],
    [
      "a denormal number comes from memory after ordinary ones: 1 + 2 + 2^-1074",
      [...ADDSD, ...ADDSD_MEMORY],
      { a: 1, b: 2, memory: [2 ** -1074] },
      { result: 3, flags: Flag.DE },
    ],
    [
      "a quotient is 0 because of infinity, and then a divisor: 1 / (1 / infinity)",
      [...DIVSD, ...MOVAPD_1_0, ...MOVSD_MEMORY, ...DIVSD],
      { a: 1, b: Number.POSITIVE_INFINITY, memory: [1] },
      { result: Number.POSITIVE_INFINITY, flags: Flag.ZE },
    ],
    [
      "a product is rounded up to the smallest normal number, 2^-1022: it was tiny",
      [...ADDSD_MEMORY, ...MULSD],
      { a: 1, b: 2 ** -1022, memory: [-(2 ** -53)] },
      { result: 2 ** -1022, flags: Flag.UE },
    ],
    [
      "nothing is set by zeros, however often they are used: (0 + 0) * 0",
      [...ADDSD, ...MULSD, ...ADDSD_MEMORY],
      { a: 0, b: 0, memory: [0] },
      { result: 0, flags: 0 },
    ],
  ])("%s", (_, code, options, expected) => {
    for (const tier of TIERS) {
      expect(compute(code, { ...options, tier, mxcsr: DEFAULT | Flag.PE })).toEqual(expected);
    }
  });

  it("are not touched by 0 times a number", () => {
    expect(compute(MULSD, { a: 0, b: -3, mxcsr: DEFAULT | Flag.PE })).toEqual({ result: -0, flags: 0 });
  });
});

describe("modes of MXCSR", () => {
  it("round up: 1 + 2^-60 is the number after 1, 1 + 2^-52", () => {
    const mxcsr = DEFAULT | Flag.PE | ROUND_UP;
    expect(compute(ADDSD, { a: 1, b: 2 ** -60, mxcsr }).result).toBe(1 + 2 ** -52);
  });

  it("flush to zero: a tiny difference that is exact, 2^-1074, becomes 0, with UE", () => {
    const options = { a: 2 ** -1022 + 2 ** -1074, b: -(2 ** -1022), mxcsr: DEFAULT | Flag.PE | FTZ };
    expect(compute(ADDSD, options)).toEqual({ result: 0, flags: Flag.UE });
  });

  it("are those that LDMXCSR has loaded in the same block", () => {
    const bare = machine({ a: 1, b: 2 ** -60, mxcsr: DEFAULT | Flag.PE });
    bare.machine.memory.write(__hpa(DATA), Uint8Array.of(0xa0, 0x5f, 0, 0));
    expect(bare.run([...ADDSD, ...LDMXCSR, ...ADDSD, HLT])).toEqual(HALTED);
    expect(numberOf(bare.cpu.state.get64("xmm"))).toBe(1 + 2 ** -52);
  });
});

describe("exceptions", () => {
  it.each([
    ["#XM for a flag that is not masked", DIVSD, { a: 1, mxcsr: ZE_UNMASKED }, exception(19)],
    ["#UD instead, without CR4.OSXMMEXCPT", DIVSD, { a: 1, mxcsr: ZE_UNMASKED, without: Cr4.OSXMMEXCPT }, exception(6)],
    ["#UD without CR4.OSFXSR", ADDSD, { without: Cr4.OSFXSR }, exception(6)],
    ["#UD with CR0.EM", ADDSD, { cr0: Cr0.EM }, exception(6)],
    ["#NM with CR0.TS", ADDSD, { cr0: Cr0.TS }, exception(7)],
    ["#GP(0) for 16 bytes that are not aligned", ADDPD_MEMORY, { rdi: DATA + 8n }, exception(13, 0)],
    ["none for MOVUPD", MOVUPD_MEMORY, { rdi: DATA + 8n }, HALTED],
    ["none for CRC32, whatever CR0 and CR4 are", CRC32, { cr0: Cr0.EM | Cr0.TS, without: Cr4.OSFXSR }, HALTED],
  ])("%s (SDM 3A, Exception and Interrupt Reference)", (_, code, options, stop) => {
    expect(machine(options).run([...code, HLT])).toEqual(stop);
  });

  it("#XM leaves the destination, and the flag in MXCSR", () => {
    const bare = machine({ a: 1, mxcsr: ZE_UNMASKED });
    bare.run([...DIVSD, HLT]);
    const { state } = bare.cpu;
    expect([state.get64("xmm"), state.get32("mxcsr")]).toEqual([bitsOf(1), ZE_UNMASKED | Flag.ZE]);
  });

  it("LDMXCSR raises #GP(0) for reserved bits, and loads nothing", () => {
    const bare = machine();
    bare.machine.memory.write(__hpa(DATA), Uint8Array.of(0, 0, 1, 0));
    expect(bare.run([...LDMXCSR, HLT])).toEqual(exception(13, 0));
    expect(bare.cpu.state.get32("mxcsr")).toBe(DEFAULT);
  });
});

describe("CRC32 (SDM 2A)", () => {
  it("of 123456789 is the check value of CRC-32C, E3069283 (RFC 3720's polynomial, inverted before and after)", () => {
    const bare = machine();
    bare.machine.memory.write(__hpa(DATA), new TextEncoder().encode("123456789"));
    bare.cpu.gpr[Gpr.rax] = 0xffffffffn;
    // crc32 rax, qword [rdi]; crc32 eax, byte [rdi + 8]
    expect(bare.run([0xf2, 0x48, 0x0f, 0x38, 0xf1, 0x07, 0xf2, 0x0f, 0x38, 0xf0, 0x47, 0x08, HLT])).toEqual(HALTED);
    expect(bare.cpu.gpr[Gpr.rax]).toBe(0xe3069283n ^ 0xffffffffn);
  });
});

describe("AESENC", () => {
  it("is a round of AES: the first of the example in FIPS 197, appendix B", () => {
    const bare = machine();
    const words = (hex: string): bigint[] =>
      [0, 16].map((at) =>
        BigInt(
          `0x${hex
            .slice(at, at + 16)
            .replace(/../g, " $&")
            .trim()
            .split(" ")
            .reverse()
            .join("")}`,
        ),
      );
    // The state at the start of round 1, its round key, and the state at the start of round 2.
    const start = words("193de3bea0f4e22b9ac68d2ae9f84808");
    const key = words("a0fafe1788542cb123a339392a6c7605");
    const { state } = bare.cpu;
    for (const [at, word] of [...start, ...key].entries()) {
      state.set64("xmm", word, at);
    }
    expect(bare.run([0x66, 0x0f, 0x38, 0xdc, 0xc1, HLT])).toEqual(HALTED);
    expect([state.get64("xmm", 0), state.get64("xmm", 1)]).toEqual(words("a49c7ff2689f352b6b5bea43026a5049"));
  });
});
