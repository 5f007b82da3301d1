import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type ElfImage, parseElf, R_X86_64_64, R_X86_64_PC32, readModinfo, SHN_UNDEF, STB_GLOBAL } from "elf-image";
import { describe, expect, it } from "vitest";
import { prebuiltDirectory, testModulesDirectory } from "./index.js";

const modulesIn = (directory: string) =>
  readdirSync(directory)
    .filter((file) => file.endsWith(".ko"))
    .map((file) => {
      const bytes = readFileSync(join(directory, file));
      return { file, bytes, image: parseElf(bytes) };
    });

const examples = modulesIn(prebuiltDirectory);
const testModules = modulesIn(testModulesDirectory);
const all = [...examples, ...testModules];

function module(name: string): ElfImage {
  const found = all.find(({ file }) => file === `${name}.ko`);
  if (found === undefined) throw new Error(`no module ${name}`);
  return found.image;
}

const undefinedSymbols = (image: ElfImage) =>
  image.symbols.filter((s) => s.sectionIndex === SHN_UNDEF && s.binding === STB_GLOBAL).map((s) => s.name);

function section(image: ElfImage, name: string) {
  const found = image.section(name);
  if (found === undefined) throw new Error(`no section ${name}`);
  return found;
}

/** The string that a symbol and an addend lead to. */
function textAt(image: ElfImage, symbol: number, addend: bigint): string {
  const { sectionIndex, value } = image.symbols[symbol];
  const bytes = image.sections[sectionIndex].data();
  const start = Number(value + addend);
  return new TextDecoder().decode(bytes.subarray(start, bytes.indexOf(0, start)));
}

/** What is to be changed in a section, in order. */
const relocationsOf = (image: ElfImage, name: string) =>
  [...image.relocations(section(image, `.rela${name}`))].sort((a, b) => Number(a.offset - b.offset));

/** Names that a module exports, read as Linux reads its __ksymtab: three 32-bit offsets for each symbol. */
function exportsOf(image: ElfImage): Map<string, string> {
  const table = image.section("__ksymtab");
  if (table === undefined) return new Map();
  const relocations = relocationsOf(image, "__ksymtab");
  const entries = new Map<string, string>();
  for (const [index, value] of relocations.filter((r) => r.offset % 12n === 0n).entries()) {
    const offset = BigInt(index * 12);
    const name = relocations.find((r) => r.offset === offset + 4n);
    const namespace = relocations.find((r) => r.offset === offset + 8n);
    expect(value.offset).toBe(offset);
    if (name === undefined || namespace === undefined) throw new Error(`entry ${index} of __ksymtab is incomplete`);
    expect([value.type, name.type, namespace.type]).toEqual([R_X86_64_PC32, R_X86_64_PC32, R_X86_64_PC32]);
    expect(textAt(image, namespace.symbol, namespace.addend)).toBe("");
    entries.set(textAt(image, name.symbol, name.addend), image.symbols[value.symbol].name);
  }
  expect(entries.size * 12).toBe(table.size);
  return entries;
}

describe("prebuilt modules", () => {
  it.each(all)(
    "$file carries its name, a license, a description and no trace of where it was built",
    ({ file, bytes, image }) => {
      const info = new Map(readModinfo(image));
      expect(info.get("name")).toBe(basename(file, ".ko").replaceAll("-", "_"));
      expect(info.get("license")).toMatch(/GPL/);
      expect(info.get("description")).toBeTruthy();
      expect(bytes.includes("liblcd/") || bytes.includes("/tmp")).toBe(false);
      expect(image.sections.map((s) => s.name).filter((name) => /debug|comment|eh_frame|build-id/.test(name))).toEqual(
        [],
      );
    },
  );

  it("lack nothing but what lcd-runtime.ko and answer.ko export, but for those that are meant to", () => {
    const exported = new Set([...exportsOf(module("lcd-runtime")).keys(), ...exportsOf(module("answer")).keys()]);
    const lacking = all.flatMap(({ file, image }) =>
      undefinedSymbols(image)
        .filter((name) => !exported.has(name))
        .map((name) => `${file}: ${name}`),
    );
    expect(lacking).toEqual(["loop-a.ko: loop_b", "loop-b.ko: loop_a", "unknown-symbol.ko: nobody_exports_this"]);
  });

  it("put init where Linux 6.1 looks for it: at 0x138 of .gnu.linkonce.this_module, which has 0x380 bytes", () => {
    const hello = module("hello");
    const thisModule = section(hello, ".gnu.linkonce.this_module");
    const init = relocationsOf(hello, thisModule.name).find((r) => r.offset === 0x138n);
    expect(thisModule.size).toBe(0x380);
    expect(init && hello.symbols[init.symbol].name).toBe("init_module");
    expect(new TextDecoder().decode(thisModule.data().subarray(24, 30))).toBe("hello\0");
  });

  it("lay parameters out as Linux 6.1 does: 40 bytes each, with name, module, operations and argument", () => {
    const params = module("params");
    const table = section(params, "__param");
    const relocations = relocationsOf(params, "__param");
    expect(table.size).toBe(4 * 40);
    expect(relocations.every((r) => r.type === R_X86_64_64)).toBe(true);
    const described = [0, 40, 80, 120].map((start) => {
      const at = (offset: number) => {
        const found = relocations.find((r) => r.offset === BigInt(start + offset));
        if (found === undefined) throw new Error(`nothing at ${start + offset}`);
        return found;
      };
      const name = at(0);
      expect(params.symbols[at(8).symbol].name).toBe("__this_module");
      expect(at(32)).toBeDefined();
      const data = table.data();
      const mode = new DataView(data.buffer, data.byteOffset).getUint16(start + 24, true);
      return [textAt(params, name.symbol, name.addend), params.symbols[at(16).symbol].name, mode];
    });
    expect(described.sort()).toEqual([
      ["count", "param_ops_int", 0o444],
      ["loud", "param_ops_bool", 0o444],
      ["name", "param_ops_charp", 0o444],
      ["sizes", "param_array_ops", 0o444],
    ]);
    expect(
      readModinfo(params)
        .filter(([key]) => key === "parmtype")
        .map(([, value]) => value)
        .sort(),
    ).toEqual(["count:int", "loud:bool", "name:charp", "sizes:array of ulong"]);
  });

  it("have a modules.dep that says who needs whom", () => {
    const lines = readFileSync(join(prebuiltDirectory, "modules.dep"), "utf8").trimEnd().split("\n");
    expect(lines).toContain("asker.ko: answer.ko");
    expect(lines.filter((line) => !line.endsWith(":"))).toEqual(["asker.ko: answer.ko"]);
    expect(lines.map((line) => line.split(":")[0])).toEqual(
      examples.map(({ file }) => file).filter((file) => file !== "lcd-runtime.ko"),
    );
  });
});

describe("lcd-runtime.ko", () => {
  const runtime = module("lcd-runtime");
  const exported = exportsOf(runtime);

  it("needs nobody", () => {
    expect(undefinedSymbols(runtime)).toEqual([]);
  });

  it("exports each symbol under its own name", () => {
    expect([...exported].filter(([name, symbol]) => name !== symbol)).toEqual([]);
  });

  it("exports what crc16, crc8, cordic, arc4, chacha, lz4, curve25519 and reed_solomon of Debian's 6.1 import", () => {
    // nm -u of the modules of linux-image-6.1.0-56-amd64
    const imports = [
      ..."__fentry__ __x86_return_thunk __stack_chk_fail memcpy memmove memset fortify_panic".split(" "),
      ..."__kmalloc kfree kmalloc_caches kmalloc_trace __x86_indirect_thunk_r13".split(" "),
      ..."__list_add_valid __list_del_entry_valid mutex_lock mutex_unlock fips_enabled __crypto_xor chacha_block_generic".split(
        " ",
      ),
    ];
    expect(imports.filter((name) => !exported.has(name))).toEqual([]);
  });

  it("starts a thread by calling the function in rax and passing its result to EXIT", () => {
    const start = runtime.symbols.find((s) => s.name === "__lcd_start");
    if (start === undefined) throw new Error("no __lcd_start");
    const code = runtime.sections[start.sectionIndex].data().subarray(Number(start.value));
    const expected = [
      [0xfc], // cld
      [0x31, 0xed], // xor ebp, ebp
      [0x48, 0x83, 0xe4, 0xf0], // and rsp, -16
      [0xff, 0xd0], // call rax
      [0x49, 0x89, 0xc0], // mov r8, rax
      [0x31, 0xc0], // xor eax, eax
      [0x0f, 0x01, 0xc1], // vmcall
      [0x0f, 0x0b], // ud2
    ].flat();
    expect([...code.subarray(0, expected.length)]).toEqual(expected);
    expect(Number(start.size)).toBe(expected.length);
  });

  it("has a thunk for each of the sixteen registers, in their encoding's order, 32 bytes apart", () => {
    const value = (name: string) => runtime.symbols.find((s) => s.name === name)?.value ?? -1n;
    const registers = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
    const offsets = registers.map((r) => value(`__x86_indirect_thunk_${r}`) - value("__x86_indirect_thunk_array"));
    expect(offsets).toEqual(registers.map((_, index) => BigInt(index * 32)));
  });
});
