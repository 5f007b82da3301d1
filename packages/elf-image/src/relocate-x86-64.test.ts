import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as elf from "./constants";
import { ElfError } from "./error";
import { parseElf } from "./parse";
import { relocateX86_64 } from "./relocate-x86-64";
import { fixture } from "./testing/fixtures";

describe("relocations.o, relocated to where ld linked it, has the bytes that ld wrote", () => {
  const object = parseElf(fixture("relocations.o"));
  const linked = parseElf(fixture("linked"));
  const addressOf = (symbol: (typeof object.symbols)[number] | undefined): bigint => {
    if (symbol === undefined) throw new Error("no such symbol");
    if (symbol.type === elf.STT_SECTION)
      return linked.section(object.sections[symbol.sectionIndex]?.name ?? "")?.address ?? 0n;
    const found = linked.symbols.find(({ name }) => name === symbol.name);
    if (found === undefined && symbol.binding !== elf.STB_WEAK) throw new Error(`ld has no symbol ${symbol.name}`);
    return found?.value ?? 0n;
  };

  test.each([".text", ".data"])("%s", (name) => {
    const table = object.section(`.rela${name}`);
    const target = linked.section(name);
    if (table === undefined || target === undefined) throw new Error("the fixture has lost a section");
    const contents = object.section(name)?.data().slice() ?? new Uint8Array(0);
    const relocations = object.relocations(table);
    for (const { offset, type, symbol, addend } of relocations) {
      relocateX86_64(contents, {
        type,
        offset: Number(offset),
        place: target.address + offset,
        symbol: addressOf(object.symbols[symbol]),
        addend,
      });
    }
    expect(relocations.length).toBeGreaterThan(3);
    expect(contents).toEqual(target.data().slice(0, contents.length));
  });
});

describe("the values that fit are those that the field extends to again (psABI, 4.4.1)", () => {
  // [type, bytes, smallest, largest] of S + A with P = 0.
  const fields: [name: string, type: number, size: number, smallest: bigint, largest: bigint][] = [
    ["R_X86_64_32", elf.R_X86_64_32, 4, 0n, 2n ** 32n - 1n],
    ["R_X86_64_32S", elf.R_X86_64_32S, 4, -(2n ** 31n), 2n ** 31n - 1n],
    ["R_X86_64_PC32", elf.R_X86_64_PC32, 4, -(2n ** 31n), 2n ** 31n - 1n],
    ["R_X86_64_PLT32", elf.R_X86_64_PLT32, 4, -(2n ** 31n), 2n ** 31n - 1n],
    ["R_X86_64_16", elf.R_X86_64_16, 2, 0n, 65535n],
    ["R_X86_64_PC16", elf.R_X86_64_PC16, 2, -32768n, 32767n],
    ["R_X86_64_8", elf.R_X86_64_8, 1, 0n, 255n],
    ["R_X86_64_PC8", elf.R_X86_64_PC8, 1, -128n, 127n],
  ];
  test.each(fields)("%s", (name, type, size, smallest, largest) => {
    const apply = (value: bigint): Uint8Array => {
      const contents = new Uint8Array(size);
      relocateX86_64(contents, { type, offset: 0, place: 0n, symbol: BigInt.asUintN(64, value), addend: 0n });
      return contents;
    };
    for (const value of [smallest, largest]) {
      const stored = apply(value).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      expect(stored).toBe(BigInt.asUintN(size * 8, value));
    }
    for (const value of [smallest - 1n, largest + 1n]) {
      expect(() => apply(value)).toThrow(ElfError);
      expect(() => apply(value)).toThrow(`${name} at offset 0 overflows`);
    }
  });
});

test("a relocation that is refused changes nothing", () => {
  const attempt = fc.record({
    type: fc.nat(40),
    offset: fc.integer({ min: -4, max: 12 }),
    place: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    symbol: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    addend: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  });
  fc.assert(
    fc.property(attempt, (relocation) => {
      const contents = new Uint8Array(8);
      try {
        relocateX86_64(contents, relocation);
      } catch (error) {
        expect(error).toBeInstanceOf(ElfError);
        expect(contents).toEqual(new Uint8Array(8));
      }
    }),
  );
});

test("types that need what a module has not are refused, by number", () => {
  // 9 is R_X86_64_GOTPCREL.
  const relocation = { type: 9, offset: 0, place: 0n, symbol: 0n, addend: 0n };
  expect(() => relocateX86_64(new Uint8Array(8), relocation)).toThrow("unknown x86-64 relocation type 9");
});

test("a place that is not zero is refused: it was relocated before, or the file is damaged", () => {
  const contents = new Uint8Array([0, 0, 0, 1]);
  const relocation = { type: elf.R_X86_64_32, offset: 0, place: 0n, symbol: 1n, addend: 0n };
  expect(() => relocateX86_64(contents, relocation)).toThrow("something there already");
});
