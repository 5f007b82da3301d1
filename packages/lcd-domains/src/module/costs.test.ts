import { SHF_ALLOC, SHF_WRITE, SHT_RELA, SHT_STRTAB, SHT_SYMTAB } from "elf-image";
import { __gva, KernelError } from "lcd-arch-x86";
import { expect, test } from "vitest";
import { makeImage, packed, repeated } from "./testing/make-image";
import { integerAt, TestHost } from "./testing/test-host";
import { MODULE_SPACE_START } from "./types";

const SHT_PROGBITS = 1;
const text = (string: string) => new TextEncoder().encode(string);
/** Entries of symbol and relocation tables (System V ABI, "Symbol Table", "Relocation"). */
const symbol = (name: number, section = 0) => packed([4, name], [2, 0x10], [2, section], [8, 0], [8, 0]);
const relocation = (offset: bigint | number, type = 0, index = 0) => packed([8, offset], [4, type], [4, index], [8, 0]);

function refusal(image: Uint8Array, host = new TestHost(), options = ""): string {
  try {
    host.load(image, options);
  } catch (error) {
    if (error instanceof KernelError) return error.message;
    throw error;
  }
  throw new Error("the module was loaded");
}

test("thousands of relocation tables that are one in the file are refused", () => {
  // 4,000 times 20,000 relocations of type R_X86_64_NONE, which could be applied for a minute.
  const table = { name: ".rela", type: SHT_RELA, link: 0, info: 1, entrySize: 24 };
  const image = makeImage([
    { name: ".data", type: SHT_PROGBITS, flags: SHF_ALLOC | SHF_WRITE, bytes: new Uint8Array(8) },
    { ...table, bytes: repeated(20_000, () => relocation(0)) },
    ...Array.from({ length: 4_000 }, () => ({ ...table, sameAs: 2 })),
  ]);
  expect(refusal(image)).toMatch(/unnamed: invalid module format: its sections overlap: they have \d+ bytes/);
});

test("the table that tells the layout of alternatives is read once for all of them", () => {
  // Once for each of 4,000 sections would be 80 million relocations.
  const section = (bytes: number) => ({
    name: ".altinstructions",
    type: SHT_PROGBITS,
    flags: SHF_ALLOC,
    bytes: new Uint8Array(bytes),
  });
  const offsets = (i: number) => [0, 4, 14][i] ?? 0;
  const image = makeImage([
    section(28),
    {
      name: ".rela",
      type: SHT_RELA,
      link: 3,
      info: 1,
      entrySize: 24,
      bytes: repeated(20_000, (i) => relocation(offsets(i))),
    },
    { name: ".symtab", type: SHT_SYMTAB, link: 4, entrySize: 24, bytes: symbol(0) },
    { name: ".strtab", type: SHT_STRTAB, bytes: text("\0") },
    ...Array.from({ length: 4_000 }, () => section(14)),
  ]);
  expect(new TestHost().load(image).size).toBeGreaterThan(4_000 * 14);
});

test("a license is looked for once, not for each symbol that needs it", () => {
  // 20,000 symbols, each with half a million entries of .modinfo, would be ten thousand million comparisons.
  const count = 20_000;
  const image = (license: string) =>
    makeImage([
      { name: ".modinfo", type: SHT_PROGBITS, bytes: text(`${"a\0".repeat(500_000)}license=${license}\0`) },
      { name: ".symtab", type: SHT_SYMTAB, link: 3, entrySize: 24, bytes: repeated(count, (i) => symbol(i && 1)) },
      { name: ".strtab", type: SHT_STRTAB, bytes: text("\0guarded\0") },
    ]);
  const host = new TestHost();
  host.symbols.set("guarded", { value: __gva(0x1000n), owner: null, gplOnly: true });
  expect(host.load(image("GPL")).uses.size).toBe(0);
  expect(refusal(image("Proprietary"), host)).toContain(`Unknown symbol guarded (err -2) and ${count - 2} more`);
});

/** `struct kernel_param` of 40 bytes: name, module, operations, mode and level, argument. */
function moduleWithParameters(count: number): Uint8Array {
  const nameSize = 8;
  const names = repeated(count, (i) => text(`p${i}`.padEnd(nameSize, "\0")));
  const data = MODULE_SPACE_START + BigInt(Math.ceil((names.length + 40 * count) / 4096) * 4096);
  const parameter = (i: number) =>
    packed([8, MODULE_SPACE_START + BigInt(i * nameSize)], [8, 0], [8, 0], [8, 0], [8, data]);
  return makeImage([
    { name: ".rodata", type: SHT_PROGBITS, flags: SHF_ALLOC, bytes: names },
    { name: "__param", type: SHT_PROGBITS, flags: SHF_ALLOC, bytes: repeated(count, parameter) },
    { name: ".data", type: SHT_PROGBITS, flags: SHF_ALLOC | SHF_WRITE, bytes: new Uint8Array(8) },
    // R_X86_64_64 (1) against symbol 1, for the operations.
    {
      name: ".rela",
      type: SHT_RELA,
      link: 5,
      info: 2,
      entrySize: 24,
      bytes: repeated(count, (i) => relocation(40 * i + 16, 1, 1)),
    },
    { name: ".symtab", type: SHT_SYMTAB, link: 6, entrySize: 24, bytes: repeated(2, (i) => symbol(i)) },
    { name: ".strtab", type: SHT_STRTAB, bytes: text("\0param_ops_int\0") },
  ]);
}

test("each of many options finds its parameter without asking all of them", () => {
  // One by one these would be 400 million comparisons.
  const count = 10_000;
  const options = Array.from({ length: 40_000 }, (_, i) => `p${count - 1}=${i}`).join(" ");
  const module = new TestHost().load(moduleWithParameters(count), options);
  const data = module.parts.find(({ kind }) => kind === "data");
  expect(integerAt(module, data?.address ?? 0n, 4)).toBe(39_999n);
});

test("a message names some of very many parameters", () => {
  const message = refusal(moduleWithParameters(1_000), new TestHost(), "unknown");
  expect(message).toMatch(/unknown parameter 'unknown'; it has p0 \(int\), p1 \(int\), .*p49 \(int\), \.\.\.$/);
});

test("a number of millions of digits is out of range at once, unless most of them are zeros", () => {
  const load = (value: string) => () => new TestHost().load(moduleWithParameters(1), `p0=${value}`);
  expect(load("9".repeat(4_000_000))).toThrow("invalid for parameter `p0'");
  const module = load(`0x${"0".repeat(4_000_000)}7`)();
  const data = module.parts.find(({ kind }) => kind === "data");
  expect(integerAt(module, data?.address ?? 0n, 4)).toBe(7n);
});

test("options may be long", () => {
  const load = () => new TestHost(64 << 20).load(moduleWithParameters(1), `p0="${"x y".repeat(6_000_000)}`);
  expect(load).toThrow("invalid for parameter `p0'");
});
