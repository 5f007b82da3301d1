import { Decoder, DecoderOptions, Instruction, RflagsBits } from "iced-x86";
import { describe, expect, it } from "vitest";
import { analyze } from "./analyze";
import { formsOf } from "./forms/index";
import { Generator } from "./generate";
import { type KindName, kindNames, kinds } from "./kinds";
import { ALL_FLAGS, Flag } from "./undefined";

const pairs = [
  [RflagsBits.CF, Flag.CF],
  [RflagsBits.PF, Flag.PF],
  [RflagsBits.AF, Flag.AF],
  [RflagsBits.ZF, Flag.ZF],
  [RflagsBits.SF, Flag.SF],
  [RflagsBits.OF, Flag.OF],
] as const;

/** The flags that iced-x86's own table calls undefined after the first instruction of `code`. */
function icedUndefined(code: Uint8Array, kind: KindName): number {
  const decoder = new Decoder(kinds[kind].bits, code, DecoderOptions.None);
  const instruction = decoder.decode();
  const bits = instruction.rflagsUndefined;
  instruction.free();
  decoder.free();
  return pairs.reduce((flags, [theirs, ours]) => (bits & theirs ? flags | ours : flags), 0);
}

function undefinedAfter(code: Uint8Array, kind: KindName = "64"): number | undefined {
  return analyze({ kind, code, start: 0, classes: 0 })?.undefinedAt.get(code.length);
}

function outcomeIsUndefined(code: readonly number[]): boolean {
  return analyze({ kind: "64", code: Uint8Array.from(code), start: 0, classes: 0 }) === null;
}

describe("the table of undefined flags", () => {
  // What `system` kinds are made of raises exceptions and writes no flags.
  const inUserMode = kindNames.filter((kind) => kinds[kind].set !== "system");

  it.each(inUserMode)("covers what iced-x86 knows to be undefined, for every form of %s", (kind) => {
    const generator = new Generator(7, kind);
    for (const form of formsOf(kind)) {
      for (let i = 0; i < 8; i++) {
        const { code } = generator.ofForm(form);
        const left = undefinedAfter(code, kind) ?? ALL_FLAGS;
        expect(icedUndefined(code, kind) & ~left, form.text).toBe(0);
      }
    }
  });

  it("leaves the flags of ADD defined", () => {
    expect(undefinedAfter(Uint8Array.of(0x48, 0x01, 0xd8))).toBe(0);
  });

  it("leaves only AF undefined after a shift by one", () => {
    expect(undefinedAfter(Uint8Array.of(0xd1, 0xe0))).toBe(Flag.AF);
  });

  it("leaves all flags defined after a shift by zero", () => {
    expect(undefinedAfter(Uint8Array.of(0xc1, 0xe0, 0x20))).toBe(0);
  });

  it("adds CF after a shift of 16 bits by 16", () => {
    expect(undefinedAfter(Uint8Array.of(0x66, 0xc1, 0xe0, 0x10))).toBe(Flag.AF | Flag.OF | Flag.CF);
  });

  it("knows the count that the instruction before has put into CL", () => {
    // mov cl, 1; shl eax, cl
    expect(undefinedAfter(Uint8Array.of(0xb1, 0x01, 0xd3, 0xe0))).toBe(Flag.AF);
  });

  it.each([
    ["over it", [0x74, 0x02, 0xb1, 0x00, 0xd3, 0xf8]],
    ["back behind it", [0xb1, 0x00, 0xd3, 0xf8, 0x74, 0xfc]],
  ])("does not know it where a jump leads %s", (_, code) => {
    // jz and mov cl, 0; sar eax, cl
    expect(undefinedAfter(Uint8Array.from(code))).toBe(Flag.AF | Flag.OF);
  });

  it("lets an undefined flag pass through a shift whose count may be zero", () => {
    // mul eax; shl ebx, cl
    expect(undefinedAfter(Uint8Array.of(0xf7, 0xe0, 0xd3, 0xe3))).toBe(Flag.SF | Flag.ZF | Flag.AF | Flag.PF | Flag.OF);
  });
});

describe("the analysis of a case", () => {
  it("refuses an instruction that reads an undefined flag", () => {
    // mul eax; sete al
    expect(outcomeIsUndefined([0xf7, 0xe0, 0x0f, 0x94, 0xc0])).toBe(true);
  });

  it("refuses a 16-bit double shift by more than 16", () => {
    expect(outcomeIsUndefined([0x66, 0x0f, 0xa4, 0xc8, 0x11])).toBe(true);
  });

  it("refuses POPF of flags that are not for user mode", () => {
    // push 0x3202 (IOPL); popfq
    expect(outcomeIsUndefined([0x68, 0x02, 0x32, 0x00, 0x00, 0x9d])).toBe(true);
  });

  it("joins the undefined flags of both ways to the target of a jump", () => {
    // cmp eax, eax; je +2; mul ecx (leaves four undefined); end
    const code = Uint8Array.of(0x39, 0xc0, 0x74, 0x02, 0xf7, 0xe1);
    expect(undefinedAfter(code)).toBe(Flag.SF | Flag.ZF | Flag.AF | Flag.PF);
  });
});

describe("the generator", () => {
  it.each(kindNames)("makes the same cases of %s from the same seed", (kind) => {
    const one = new Generator(3, kind);
    const other = new Generator(3, kind);
    for (let i = 0; i < 200; i++) {
      expect(one.next()).toEqual(other.next());
    }
  });

  it.each(kindNames)("makes every form of %s decodable as one instruction", (kind) => {
    const generator = new Generator(5, kind);
    const instruction = new Instruction();
    for (const form of formsOf(kind)) {
      const { code } = generator.ofForm(form);
      const decoder = new Decoder(kinds[kind].bits, code, DecoderOptions.None);
      decoder.decodeOut(instruction);
      expect(instruction.length, form.text).toBe(code.length);
      decoder.free();
    }
    instruction.free();
  });
});
