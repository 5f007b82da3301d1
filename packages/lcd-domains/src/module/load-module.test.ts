import { parseElf, relocateX86_64, SHF_ALLOC, SHT_NOBITS } from "elf-image";
import { __gva } from "lcd-arch-x86";
import { describe, expect, test } from "vitest";
import { addressOf, bytesAt, fixture, integerAt, TestHost } from "./testing/test-host";

describe("linked.ko", () => {
  const host = new TestHost().define("host_function", 0xffffffffb0000010n).define("host_data", 0xffffffffb0002000n);
  const module = host.load(fixture("linked.ko"));

  const linked = parseElf(fixture("linked.elf"));
  const sections = linked.sections.filter(({ flags, name }) => (flags & SHF_ALLOC) !== 0n && name !== ".modinfo");
  test.each(sections.map((section) => [section.name, section] as const))(
    "has at %s what ld put there",
    (name, section) => {
      // A per-cpu symbol is an offset from the GS base.
      const address = section.address + (name === ".data..percpu" ? host.perCpuBase : 0n);
      const expected = section.type === SHT_NOBITS ? new Uint8Array(section.size) : section.data();
      expect(bytesAt(module, address, section.size)).toEqual(expected);
    },
  );

  test("has its parts page by page, text apart from read-only data apart from data, init last", () => {
    expect(module.parts.map(({ kind, init, address, bytes }) => [kind, init, address, bytes.length])).toEqual([
      ["text", false, 0xffffffffa0000000n, 4096],
      ["rodata", false, 0xffffffffa0001000n, 4096],
      ["data", false, 0xffffffffa0002000n, 4096],
      ["text", true, 0xffffffffa0003000n, 4096],
      ["data", true, 0xffffffffa0004000n, 4096],
    ]);
    expect([module.base, module.size]).toEqual([0xffffffffa0000000n, 5 * 4096]);
  });

  test("has init and exit where its symbols are", () => {
    expect(module.init).toBe(0xffffffffa0000000n);
    expect(module.exit).toBe(0xffffffffa0000042n);
  });

  test("knows what an address belongs to", () => {
    expect(module.symbolAt(__gva(0xffffffffa0000005n))).toMatchObject({
      symbol: { name: "init_module", kind: "function" },
      offset: 5n,
    });
    expect(module.symbolAt(__gva(0xffffffffa0002003n))).toMatchObject({
      symbol: { name: "counter", kind: "object" },
      offset: 3n,
    });
    expect(module.symbolAt(__gva(0xffffffff90000000n))).toBeUndefined();
  });

  test("is named by its modinfo, not by its file", () => {
    expect(module.name).toBe("linked");
    expect(module.modinfo).toEqual([
      ["license", "GPL"],
      ["name", "linked"],
    ]);
  });
});

describe("exports", () => {
  test("another module links to what a module exports, and counts as its user", () => {
    const host = new TestHost();
    const exporter = host.load(fixture("exporter.ko"), "", "exporter");
    const importer = host.load(fixture("importer.ko"), "", "importer");
    expect([...exporter.exports]).toEqual([
      ["exported_value", { value: addressOf(exporter, "exported_value"), gplOnly: false, namespace: "" }],
      ["exported_double", { value: addressOf(exporter, "exported_double"), gplOnly: false, namespace: "" }],
      ["exported_for_gpl", { value: addressOf(exporter, "exported_for_gpl"), gplOnly: true, namespace: "" }],
    ]);
    expect([...importer.uses]).toEqual(["exporter"]);
    expect([...exporter.uses]).toEqual([]);
    expect(host.lines).toEqual([]);
  });

  test("tables of pointers are read, with namespaces and without", () => {
    const module = new TestHost().load(fixture("layouts.ko"));
    const at = (name: string) => addressOf(module, name);
    expect([...module.exports]).toEqual([
      ["first", { value: at("first"), gplOnly: false, namespace: "" }],
      ["second", { value: at("second"), gplOnly: false, namespace: "" }],
      ["third", { value: at("third"), gplOnly: true, namespace: "SPACE" }],
      ["SPACE", { value: at("third"), gplOnly: true, namespace: "" }],
    ]);
  });

  test("a symbol of a namespace is for modules that import it", () => {
    const host = new TestHost();
    host.load(fixture("layouts.ko"));
    expect(() => host.load(fixture("importer-of-namespace.ko"))).toThrow(
      "module importer_of_namespace uses symbol third from namespace SPACE, but does not import it.",
    );
  });

  test("a symbol that is exported already is refused", () => {
    const host = new TestHost();
    host.load(fixture("exporter.ko"), "", "exporter");
    const used = host.inUse;
    expect(() => host.load(fixture("exporter.ko"), "", "copy")).toThrow(
      "copy: exports duplicate symbol exported_value (owned by exporter)",
    );
    expect(host.inUse).toBe(used);
  });

  test("what is exported for GPL-compatible modules is unknown to others", () => {
    const host = new TestHost();
    host.load(fixture("exporter.ko"), "", "exporter");
    const proprietary = replaceText(fixture("importer.ko"), "license=GPL", "license=XYZ");
    expect(() => host.load(proprietary)).toThrow("importer: Unknown symbol exported_for_gpl (err -2)");
  });
});

test("unknown symbols are logged one by one in the loader's words, and the first one is in the error", () => {
  const host = new TestHost();
  expect(() => host.load(fixture("importer.ko"))).toThrow(
    expect.objectContaining({
      code: "ENOENT",
      message: "importer: Unknown symbol exported_value (err -2) and 2 more: exported_double, exported_for_gpl",
    }),
  );
  expect(host.lines).toEqual([
    "err: importer: Unknown symbol exported_value (err -2)",
    "err: importer: Unknown symbol exported_double (err -2)",
    "err: importer: Unknown symbol exported_for_gpl (err -2)",
  ]);
  expect(host.inUse).toBe(0);
});

test("call sites and alternatives become what the processor runs best", () => {
  const host = new TestHost();
  const names = ["__fentry__", "__x86_return_thunk", "far_function"];
  const thunks = ["rax", "r11", "rdi", "r15", "r8"].map((register) => `__x86_indirect_thunk_${register}`);
  for (const name of [...names, ...thunks]) host.define(name, 0xffffffffb0000000n);
  const image = fixture("sites.ko");
  const module = host.load(image);

  // What it should be stands in the same file, to be relocated as if it stood in .text.
  const elf = parseElf(image);
  const expected = elf.section("expected")?.data().slice() ?? new Uint8Array(0);
  const table = elf.section(".relaexpected");
  for (const { offset, type, symbol, addend } of table === undefined ? [] : elf.relocations(table)) {
    const name = elf.symbols[symbol]?.name;
    const value =
      name === "near_function"
        ? addressOf(module, name)
        : name === ""
          ? addressOf(module, "near_function")
          : 0xffffffffb0000000n;
    relocateX86_64(expected, { type, offset: Number(offset), place: module.base + offset, symbol: value, addend });
  }
  expect(expected.length).toBe(0x4d);
  expect(Buffer.from(bytesAt(module, module.base, 0x4d)).toString("hex")).toBe(Buffer.from(expected).toString("hex"));
});

test("a module without init or exit has none", () => {
  const module = new TestHost().load(fixture("exporter.ko"));
  expect([module.init, module.exit]).toEqual([null, null]);
});

test("a module without a name of its own has that of its file, with underscores", () => {
  expect(new TestHost().load(fixture("exporter.ko"), "", "my-file").name).toBe("my_file");
});

test("a weak symbol that nobody has is null", () => {
  const host = new TestHost().define("host_function", 0n).define("host_data", 0n);
  const module = host.load(fixture("linked.ko"));
  expect(integerAt(module, addressOf(module, "pointer_to_missing"), 8)).toBe(0n);
});

/** The image with one text replaced by another of the same length. */
function replaceText(image: Uint8Array, from: string, to: string): Uint8Array {
  const text = Buffer.from(image).toString("latin1");
  return new Uint8Array(Buffer.from(text.replace(from, to), "latin1"));
}
