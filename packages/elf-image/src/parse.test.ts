import { describe, expect, test } from "vitest";
import * as elf from "./constants";
import { ElfError } from "./error";
import { parseElf } from "./parse";
import { relocationNameX86_64 } from "./relocate-x86-64";
import { fixture, readelfOutput } from "./testing/fixtures";

const FILES = ["module.o", "i386.o", "relocations.o", "linked", "big64.o", "big32.o"];
const SECTION_TYPES = ["NULL", "PROGBITS", "SYMTAB", "STRTAB", "RELA", "", "", "NOTE", "NOBITS", "REL"];
const SYMBOL_TYPES = ["NOTYPE", "OBJECT", "FUNC", "SECTION", "FILE"];
const BINDINGS = ["LOCAL", "GLOBAL", "WEAK"];
const FLAG_LETTERS: [bigint, string][] = [
  [elf.SHF_WRITE, "W"],
  [elf.SHF_ALLOC, "A"],
  [elf.SHF_EXECINSTR, "X"],
  [elf.SHF_MERGE, "M"],
  [elf.SHF_STRINGS, "S"],
  [0x40n, "I"],
];
const I386_RELOCATIONS: Record<number, string> = { 1: "R_386_32", 2: "R_386_PC32", 4: "R_386_PLT32" };

describe.each(FILES)("%s", (name) => {
  const image = parseElf(fixture(name));
  const expected = readelfOutput(name);

  test("has the header that readelf prints", () => {
    expect(`ELF${image.class}`).toBe(expected.header("Class:"));
    expect(image.littleEndian).toBe(expected.header("Data:").includes("little"));
    expect(image.type).toBe(expected.header("Type:").startsWith("REL") ? elf.ET_REL : elf.ET_EXEC);
    expect(image.machine).toBe(
      { "Advanced Micro Devices X86-64": elf.EM_X86_64, "Intel 80386": elf.EM_386, None: 0 }[
        expected.header("Machine:")
      ],
    );
    expect(image.entry).toBe(BigInt(expected.header("Entry point")));
  });

  test("has the sections that readelf prints", () => {
    const found = image.sections.map((section) => ({
      name: section.name,
      type: SECTION_TYPES[section.type],
      address: section.address,
      offset: section.offset,
      size: section.size,
      entrySize: section.entrySize,
      flags: FLAG_LETTERS.map(([bit, letter]) => (section.flags & bit ? letter : "")).join(""),
      link: section.link,
      info: section.info,
      alignment: section.alignment,
    }));
    // readelf prints the alignment as the file has it; 0 and 1 mean the same.
    expect(found).toEqual(expected.sections.map((row) => ({ ...row, alignment: row.alignment || 1 })));
  });

  test("has the segments that readelf prints", () => {
    const found = image.segments.map((segment) => ({
      type: segment.type === elf.PT_LOAD ? "LOAD" : `${segment.type}`,
      numbers: [
        BigInt(segment.offset),
        segment.virtualAddress,
        segment.physicalAddress,
        BigInt(segment.fileSize),
        segment.memorySize,
      ],
      flags: [elf.PF_R, elf.PF_W, elf.PF_X].map((bit, i) => (segment.flags & bit ? "RWE"[i] : " ")).join(""),
      alignment: segment.alignment,
    }));
    expect(found).toEqual(expected.segments);
  });

  test("has the symbols that readelf prints", () => {
    const found = image.symbols.map((symbol) => ({
      value: symbol.value,
      size: symbol.size,
      type: SYMBOL_TYPES[symbol.type],
      binding: BINDINGS[symbol.binding],
      visibility: ["DEFAULT", "INTERNAL", "HIDDEN", "PROTECTED"][symbol.visibility],
      section: { [elf.SHN_UNDEF]: "UND", [elf.SHN_ABS]: "ABS" }[symbol.sectionIndex] ?? `${symbol.sectionIndex}`,
      name: symbol.type === elf.STT_SECTION ? image.sections[symbol.sectionIndex]?.name : symbol.name,
    }));
    expect(found).toEqual(expected.symbols);
  });

  test("has the relocations that readelf prints", () => {
    const sections = image.sections.filter(({ type }) => type === elf.SHT_RELA || type === elf.SHT_REL);
    const found = sections.flatMap((section) =>
      image.relocations(section).map(({ offset, type, symbol, addend }) => {
        const target = image.symbols[symbol];
        const isSection = target?.type === elf.STT_SECTION;
        return {
          offset,
          type: image.machine === elf.EM_386 ? I386_RELOCATIONS[type] : relocationNameX86_64(type),
          symbol: isSection ? image.sections[target.sectionIndex]?.name : target?.name,
          addend,
        };
      }),
    );
    expect(found).toEqual(expected.relocations);
  });
});

test("section data is a view of the file, and NOBITS sections have none", () => {
  const bytes = fixture("module.o");
  const image = parseElf(bytes);
  const modinfo = image.section(".modinfo");
  expect(modinfo?.data().buffer).toBe(bytes.buffer);
  expect(image.section(".bss")?.size).toBe(100);
  expect(image.section(".bss")?.data().length).toBe(0);
  expect(image.section(".nowhere")).toBeUndefined();
});

test("a section is found by its name, also where that is not ASCII", () => {
  const bytes = fixture("module.o").slice();
  const at = Buffer.from(bytes).indexOf(".modinfo\0");
  bytes.set(new TextEncoder().encode("ö"), at + 6);
  const image = parseElf(bytes);
  expect(image.section(".modinö")?.name).toBe(".modinö");
  expect(image.section(".modin\u00c3\u00b6")).toBeUndefined();
  expect(image.section(".modin")).toBeUndefined();
});

test("a file may begin anywhere in its buffer", () => {
  const bytes = fixture("module.o");
  const padded = new Uint8Array(bytes.length + 7);
  padded.set(bytes, 7);
  expect(parseElf(padded.subarray(7)).symbols).toEqual(parseElf(bytes).symbols);
});

describe("a malformed file is refused with a sentence:", () => {
  // Offsets of fields from the System V ABI, figures 4-3 (header) and 4-8 (section header), ELF64.
  const header = (edit: (view: DataView, sectionTable: number) => void): (() => unknown) => {
    const bytes = fixture("module.o").slice();
    const view = new DataView(bytes.buffer);
    edit(view, Number(view.getBigUint64(40, true)));
    return () => readAll(bytes);
  };
  const sectionField = (index: number, offset: number, value: bigint): (() => unknown) =>
    header((view, table) => view.setBigUint64(table + index * 64 + offset, value, true));
  const word = (index: number, offset: number, value: number): (() => unknown) =>
    header((view, table) => view.setUint32(table + index * 64 + offset, value, true));
  const index = (name: string): number => parseElf(fixture("module.o")).section(name)?.index ?? 0;

  const SH_NAME = 0;
  const SH_OFFSET = 24;
  const SH_SIZE = 32;
  const SH_LINK = 40;
  const SH_INFO = 44;
  const SH_ALIGN = 48;
  const SH_ENTSIZE = 56;

  const cases: [what: string, attempt: () => unknown, sentence: RegExp][] = [
    ["empty", () => parseElf(new Uint8Array(0)), /empty/],
    ["text", () => parseElf(new TextEncoder().encode("#!/bin/sh\n")), /not an ELF file/],
    ["unknown class", header((view) => view.setUint8(4, 3)), /unknown ELF class 3/],
    ["unknown byte order", header((view) => view.setUint8(5, 0)), /unknown byte order 0/],
    ["unknown version", header((view) => view.setUint8(6, 9)), /unknown ELF version 9/],
    ["small header", header((view) => view.setUint16(52, 20, true)), /says that it has 20 bytes/],
    [
      "section table at the end of the address space",
      header((view) => view.setBigUint64(40, 2n ** 64n - 1n, true)),
      /first section header/,
    ],
    ["section headers of a wrong size", header((view) => view.setUint16(58, 40, true)), /40 bytes each instead of 64/],
    [
      "more sections than the file has bytes",
      header((view) => view.setUint16(60, 0xfe00, true)),
      /table of 65024 section headers/,
    ],
    ["a reserved number of sections", header((view) => view.setUint16(60, 0xff80, true)), /reserved/],
    ["names in a section that does not exist", header((view) => view.setUint16(62, 77, true)), /section 77/],
    ["names in a section that is no string table", header((view) => view.setUint16(62, 1, true)), /no string table/],
    ["section name outside its table", word(1, SH_NAME, 0xffff), /section name table/],
    ["section beyond the end of the file", sectionField(1, SH_OFFSET, 1n << 40n), /section 1 should be at bytes/],
    ["section whose end wraps around", sectionField(1, SH_SIZE, 2n ** 64n - 1n), /section 1 should be at bytes/],
    ["endless .bss", sectionField(index(".bss"), SH_SIZE, 2n ** 63n), /impossible size/],
    ["alignment 3", sectionField(1, SH_ALIGN, 3n), /alignment 3/],
    ["symbols of a wrong size", sectionField(index(".symtab"), SH_ENTSIZE, 16n), /entries of 16 bytes instead of 24/],
    ["part of a symbol", sectionField(index(".symtab"), SH_SIZE, 25n), /no multiple of 24/],
    ["symbol names in no string table", word(index(".symtab"), SH_LINK, 1), /no string table/],
    [
      "relocations of a wrong size",
      sectionField(index(".rela.text"), SH_ENTSIZE, 8n),
      /entries of 8 bytes instead of 24/,
    ],
    ["relocations for a missing section", word(index(".rela.text"), SH_INFO, 99), /section 99/],
    ["relocations with the symbols of a missing section", word(index(".rela.text"), SH_LINK, 99), /section 99/],
  ];
  test.each(cases)("%s", (_, attempt, sentence) => {
    expect(attempt).toThrow(ElfError);
    expect(attempt).toThrow(sentence);
  });

  const table = (name: string, offset: number, value: number): (() => unknown) => {
    const bytes = fixture("module.o").slice();
    const section = parseElf(bytes).section(name);
    new DataView(bytes.buffer).setUint32((section?.offset ?? 0) + offset, value, true);
    return () => readAll(bytes);
  };
  const tableCases: [what: string, attempt: () => unknown, sentence: RegExp][] = [
    ["symbol name outside the string table", table(".symtab", 24, 0x7fffffff), /offset 2147483647/],
    ["symbol in a section that does not exist", table(".symtab", 24 + 4, 0x7777_0000), /section 30583/],
    ["symbol with an extended section index but no table of them", table(".symtab", 24 + 4, 0xffff_0000), /extended/],
    ["relocation of a symbol that does not exist", table(".rela.text", 12, 5000), /symbol 5000/],
    ["relocation outside its section", table(".rela.text", 0, 0x10000), /byte 0x10000/],
  ];
  test.each(tableCases)("%s", (_, attempt, sentence) => {
    expect(attempt).toThrow(ElfError);
    expect(attempt).toThrow(sentence);
  });

  test("names without a NUL at the end", () => {
    const bytes = fixture("module.o").slice();
    const names = parseElf(bytes).section(".strtab");
    bytes.fill(0x61, (names?.offset ?? 0) + 1, (names?.offset ?? 0) + (names?.size ?? 0));
    expect(() => readAll(bytes)).toThrow(/no NUL at its end/);
  });
});

function readAll(bytes: Uint8Array): unknown {
  const image = parseElf(bytes);
  const symbols = image.symbols;
  const relocations = image.sections
    .filter(({ type }) => type === elf.SHT_RELA || type === elf.SHT_REL)
    .map((section) => image.relocations(section));
  return { symbols, relocations };
}
