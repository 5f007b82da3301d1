import { describe, expect, test } from "vitest";
import { lcdModinfo } from "../modinfo/modinfo";
import { lcdModprobe } from "../modprobe/modprobe";
import { makeModule, testEnvironment } from "../testing";
import { lcdDepmod } from "./depmod";

const MODULE = makeModule({
  exports: ["p"],
  checksums: { p: 1 },
  unversionedExports: ["u"],
  imports: ["x"],
  versions: { x: 1, module_layout: 2 },
  modinfo: ["license=GPL", "alias=pci:*"],
});
const TREE = "/lib/modules/6.1.0";

/** The sections of `makeModule` in their order, and where the fields of a header are (System V ABI, "Section Header"). */
const SECTIONS = ["", ".modinfo", ".symtab", ".strtab", "__ksymtab_strings", "__versions", "__kcrctab", ".shstrtab"];
const FIELDS = { name: 0, type: 4, offset: 24, size: 32, link: 40, entrySize: 56 } as const;

function withField(section: string, field: keyof typeof FIELDS, value: number): Uint8Array {
  const module = MODULE.slice();
  const view = new DataView(module.buffer);
  view.setUint32(Number(view.getBigUint64(40, true)) + 64 * SECTIONS.indexOf(section) + FIELDS[field], value, true);
  return module;
}

async function said(tool: typeof lcdModinfo, module: Uint8Array, ...argv: string[]): Promise<string> {
  const build = { [`${TREE}/modules.order`]: "", [`${TREE}/y.ko`]: makeModule({ exports: ["x"] }) };
  const env = testEnvironment({ ...build, [`${TREE}/x.ko`]: module });
  await tool([...argv], env);
  const reason = /: ([^:]*)\n$/.exec(env.errors())?.[1]?.replace(/ \(.*/, "");
  return reason ?? env.output();
}

/** What modinfo shows, what `modprobe --show-exports` and `--show-modversions` do, and what depmod finds that it needs. */
async function everything(module: Uint8Array): Promise<string[]> {
  const info = await said(lcdModinfo, module, "modinfo", "-F", "license", `${TREE}/x.ko`);
  const exported = await said(lcdModprobe, module, "modprobe", "--show-exports", `${TREE}/x.ko`);
  const needed = await said(lcdModprobe, module, "modprobe", "--show-modversions", `${TREE}/x.ko`);
  const found = await said(lcdDepmod, module, "depmod", "-n", "6.1.0");
  const dependencies = /^x.ko: ?(.*)$/m.exec(found)?.[1] ?? found;
  return [info, exported, needed, dependencies].map((text) => text.replaceAll("0x", "").replace(/\b0+/g, "").trim());
}

const WHOLE = ["GPL", "1\tp", "1\tx\n2\tmodule_layout", "y.ko"] as const;
const NO_FILE = "No such file or directory";
const INVALID = "Invalid argument";

/** What is different then. */
type Changes = Readonly<Partial<Record<0 | 1 | 2 | 3, string>>>;

// What the tools of kmod 30 say of the same files.
describe("sections are known by their names, whatever their types, where the file has all of them:", () => {
  test.each<[string, keyof typeof FIELDS, number, Changes]>([
    ["", "name", 1, {}],
    [".modinfo", "type", 8, {}],
    [".modinfo", "offset", 0x7fffffff, { 0: NO_FILE }],
    [".modinfo", "size", 1, { 0: "" }],
    [".symtab", "type", 0, {}],
    [".symtab", "link", 0, {}],
    [".symtab", "entrySize", 3, {}],
    [".symtab", "name", 2, { 1: "\tu", 3: "" }],
    [".symtab", "size", 100, { 1: "\tu", 3: "" }],
    [".symtab", "offset", 0x7fffffff, { 1: "\tu", 3: "" }],
    [".strtab", "type", 8, {}],
    [".strtab", "size", 2, { 1: "\tu", 3: "" }],
    [".strtab", "size", 8, { 1: "\tu", 3: "" }],
    ["__ksymtab_strings", "type", 2, {}],
    ["__versions", "type", 0, {}],
    ["__versions", "size", 100, { 2: INVALID }],
    ["__versions", "offset", 0x7fffffff, { 2: NO_FILE }],
    ["__kcrctab", "size", 0x7fffffff, {}],
    [".shstrtab", "type", 8, {}],
    [".shstrtab", "size", 2, { 0: INVALID, 1: INVALID, 2: INVALID, 3: INVALID }],
  ])("%s, %s %i", async (section, field, value, changes) => {
    const expected = WHOLE.map((text, i) => changes[i as keyof Changes] ?? text).map((text) => text.trim());
    expect(await everything(withField(section, field, value))).toEqual(expected);
  });
});
