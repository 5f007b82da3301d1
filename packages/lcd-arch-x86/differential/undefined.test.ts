import { Decoder, DecoderOptions, Instruction, RflagsBits } from "iced-x86";
import { describe, expect, it } from "vitest";
import { analyze } from "./analyze";
import { forms } from "./forms";
import { Generator } from "./generate";
import { Layout } from "./layout";
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
function icedUndefined(code: Uint8Array): number {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const instruction = decoder.decode();
  const bits = instruction.rflagsUndefined;
  instruction.free();
  decoder.free();
  return pairs.reduce((flags, [theirs, ours]) => (bits & theirs ? flags | ours : flags), 0);
}

function undefinedAfter(code: Uint8Array): number | undefined {
  return analyze(code, Layout.codeBase)?.undefinedAt.get(code.length);
}

describe("the table of undefined flags", () => {
  it("covers what iced-x86 knows to be undefined, for every form", () => {
    const generator = new Generator(7);
    for (const form of forms) {
      for (let i = 0; i < 8; i++) {
        const { code } = generator.ofForm(form, 0);
        const left = undefinedAfter(code) ?? ALL_FLAGS;
        expect(icedUndefined(code) & ~left, form.text).toBe(0);
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

  it("lets an undefined flag pass through a shift whose count may be zero", () => {
    // mul eax; shl ebx, cl
    expect(undefinedAfter(Uint8Array.of(0xf7, 0xe0, 0xd3, 0xe3))).toBe(Flag.SF | Flag.ZF | Flag.AF | Flag.PF | Flag.OF);
  });
});

describe("the analysis of a case", () => {
  it("refuses an instruction that reads an undefined flag", () => {
    // mul eax; sete al
    expect(analyze(Uint8Array.of(0xf7, 0xe0, 0x0f, 0x94, 0xc0), Layout.codeBase)).toBeNull();
  });

  it("refuses a 16-bit double shift by more than 16", () => {
    expect(analyze(Uint8Array.of(0x66, 0x0f, 0xa4, 0xc8, 0x11), Layout.codeBase)).toBeNull();
  });

  it("refuses POPF of flags that would trap", () => {
    // push 0x302 (TF); popfq
    expect(analyze(Uint8Array.of(0x68, 0x02, 0x03, 0x00, 0x00, 0x9d), Layout.codeBase)).toBeNull();
  });

  it("joins the undefined flags of both ways to the target of a jump", () => {
    // cmp eax, eax; je +2; mul ecx (leaves four undefined); end
    const code = Uint8Array.of(0x39, 0xc0, 0x74, 0x02, 0xf7, 0xe1);
    expect(undefinedAfter(code)).toBe(Flag.SF | Flag.ZF | Flag.AF | Flag.PF);
  });
});

describe("the generator", () => {
  it("makes the same cases from the same seed", () => {
    const one = new Generator(3);
    const other = new Generator(3);
    for (let i = 0; i < 200; i++) {
      expect(one.next()).toEqual(other.next());
    }
  });

  it("makes every form decodable as one instruction of its name", () => {
    const generator = new Generator(5);
    const instruction = new Instruction();
    for (const form of forms) {
      const { code } = generator.ofForm(form, 0);
      const decoder = new Decoder(64, code, DecoderOptions.None);
      decoder.decodeOut(instruction);
      expect(instruction.length, form.text).toBe(code.length);
      decoder.free();
    }
    instruction.free();
  });
});
