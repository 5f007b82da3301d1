import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../errors";
import { type Argument, parseArguments } from "./arguments";
import { typedResult } from "./result";

const parse = (text: string): Argument => parseArguments([text], "/")[0];
const buffer = (...bytes: number[]): Argument => ({ kind: "buffer", bytes: Uint8Array.from(bytes) });

describe("an argument of lcd call", () => {
  it("is an integer of up to 64 bits, in any base that C has", () => {
    const words = ["0", "-1", "0xff", "0b101", "0o17", "-0x80", "18446744073709551615", "-9223372036854775808"];
    expect(words.map((word) => parse(word))).toEqual(
      [0n, -1n, 255n, 5n, 15n, -128n, 2n ** 64n - 1n, -(2n ** 63n)].map((value) => ({ kind: "integer", value })),
    );
    for (const word of ["18446744073709551616", "-9223372036854775809", "1.5", "0x", "--1", "1_000"]) {
      expect(() => parse(word)).toThrow(UsageError);
    }
  });

  it("is text with a NUL, bytes, or room", () => {
    expect(parse("str:aé")).toEqual(buffer(0x61, 0xc3, 0xa9, 0));
    expect(parse("str:")).toEqual(buffer(0));
    expect(parse("str:hex:00")).toEqual(buffer(...Buffer.from("hex:00"), 0));
    expect(parse("hex:00 FF_10")).toEqual(buffer(0, 255, 16));
    expect(parse("out:3")).toEqual(buffer(0, 0, 0));
    for (const word of ["hex:0", "hex:zz", "out:0", "out:2G", "out:-1", "in:3", "STR:x"]) {
      expect(() => parse(word)).toThrow(UsageError);
    }
  });

  it("gives back every 64-bit integer", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (value) => {
        expect(parse(value.toString())).toEqual({ kind: "integer", value });
        if (value >= 0n) expect(parse(`0x${value.toString(16)}`)).toEqual({ kind: "integer", value });
      }),
    );
  });

  it("gives back all bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parse(`hex:${Buffer.from(bytes).toString("hex")}`)).toEqual({ kind: "buffer", bytes });
      }),
    );
  });

  it("is a usage error when it is nothing of the kind", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^(file|str|hex|out):/.test(text)),
        (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
          }
        },
      ),
    );
  });
});

describe("a result of lcd call", () => {
  it("has the value that C would give it", () => {
    const rax = 0xffff_ffff_8000_00ffn;
    expect(typedResult(rax, { width: 8, signed: false })).toBe(255n);
    expect(typedResult(rax, { width: 8, signed: true })).toBe(-1n);
    expect(typedResult(rax, { width: 16, signed: true })).toBe(255n);
    expect(typedResult(rax, { width: 32, signed: true })).toBe(-2147483393n);
    expect(typedResult(rax, { width: 64, signed: false })).toBe(rax);
  });
});
