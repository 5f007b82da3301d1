import { expect, test } from "vitest";
import { SHT_REL, SHT_RELA } from "./constants";
import { readModinfo } from "./modinfo";
import { type ElfImage, parseElf } from "./parse";
import { fixture } from "./testing/fixtures";

function everything(image: ElfImage): unknown {
  return {
    modinfo: readModinfo(image),
    symbols: image.symbols,
    sections: image.sections.map((section) => [section.name, section.type, [...section.data()]]),
    relocations: image.sections
      .filter(({ type }) => type === SHT_RELA || type === SHT_REL)
      .map((section) => image.relocations(section)),
  };
}

test.each(["module.o", "i386.o", "relocations.o", "big64.o", "big32.o"])(
  "%s is read as ever when its bytes come only when they are asked for",
  (name) => {
    const file = fixture(name);
    const bytes = new Uint8Array(file.length);
    bytes.set(file.subarray(0, 64));
    const fetch = (start: number, end: number) => bytes.set(file.subarray(start, end), start);
    expect(everything(parseElf(bytes, { tolerant: true, fetch }))).toEqual(
      everything(parseElf(file, { tolerant: true })),
    );
  },
);

test("of a section that nobody asks for nothing is fetched, and of the others once", () => {
  const file = fixture("module.o");
  const ranges: string[] = [];
  const fetch = (start: number, end: number) => void ranges.push(`${start}-${end}`);
  const image = parseElf(file, { tolerant: true, fetch });
  const before = ranges.length;
  readModinfo(image);
  readModinfo(image);
  const modinfo = image.section(".modinfo");
  expect(ranges.slice(before)).toEqual([`${modinfo?.offset}-${(modinfo?.offset ?? 0) + (modinfo?.size ?? 0)}`]);
  const text = image.section(".text");
  expect(ranges.some((range) => range.startsWith(`${text?.offset}-`))).toBe(false);
});
