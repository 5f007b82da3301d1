import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SHT_REL, SHT_RELA } from "./constants";
import { ElfError } from "./error";
import { readModinfo } from "./modinfo";
import { parseElf } from "./parse";
import { symbolMap } from "./symbol-map";
import { fixture } from "./testing/fixtures";

describe.each(["module.o", "i386.o", "relocations.o", "linked", "big64.o", "big32.o"])("%s", (name) => {
  const bytes = fixture(name);

  test("cut off after any number of bytes, it is read or refused with an ElfError", () => {
    for (let length = 0; length < bytes.length; length++) readOrRefuse(bytes.slice(0, length));
  });

  test("with bytes changed anywhere, it is read or refused with an ElfError", () => {
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = bytes.slice();
        for (const { at, value } of changes) damaged[at] = value;
        readOrRefuse(damaged);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("with any one byte of its headers set to 0, 0x7f or 0xff, it is read or refused with an ElfError", () => {
    const view = new DataView(bytes.buffer);
    const little = bytes[5] === 1;
    const table = bytes[4] === 2 ? Number(view.getBigUint64(40, little)) : view.getUint32(32, little);
    const places = [...Array(64).keys(), ...Array.from({ length: bytes.length - table }, (_, i) => table + i)];
    for (const at of places) {
      for (const value of [0, 0x7f, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        readOrRefuse(damaged);
      }
    }
  });
});

test("a file whose section headers come last is refused when it is cut off anywhere", () => {
  // linked.readelf: six section headers of 64 bytes from byte 8656, which is where this file ends.
  const bytes = fixture("linked");
  expect(bytes.length).toBe(8656 + 6 * 64);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => parseElf(bytes.subarray(0, length))).toThrow(ElfError);
  }
});

test("bytes without any order behind an ELF magic are read or refused with an ElfError", () => {
  const ident = fc.constantFrom([2, 1, 1], [2, 2, 1], [1, 1, 1], [1, 2, 1]);
  fc.assert(
    fc.property(ident, fc.uint8Array({ minLength: 0, maxLength: 400 }), (start, rest) =>
      readOrRefuse(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, ...start, ...rest])),
    ),
    { numRuns: 2000, seed: 1 },
  );
});

/** Reads everything there is to read; any error but an ElfError is thrown. */
function readOrRefuse(bytes: Uint8Array): void {
  try {
    const image = parseElf(bytes);
    for (const section of image.sections) section.data();
    for (const segment of image.segments) segment.data();
    readModinfo(image);
    symbolMap(image, 1).lookup(4n);
    for (const section of image.sections) {
      if (section.type === SHT_RELA || section.type === SHT_REL) image.relocations(section);
    }
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
  }
}

describe("a tolerant reader", () => {
  const bytes = fixture("module.o");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // ELF64: the section header table's place is at byte 40, a header has 64 bytes, sh_offset is at 24 (System V ABI).
  const header = (index: number) => Number(view.getBigUint64(40, true)) + index * 64;
  const { index } = parseElf(bytes).section(".modinfo") ?? { index: 0 };

  test("minds a section out of the file only when its bytes are wanted", () => {
    const damaged = bytes.slice();
    const other = index === 1 ? 2 : 1;
    new DataView(damaged.buffer).setBigUint64(header(other) + 24, 1n << 40n, true);
    expect(() => parseElf(damaged)).toThrow(`section ${other} should be at bytes`);
    const image = parseElf(damaged, { tolerant: true });
    expect(readModinfo(image)).toEqual(readModinfo(parseElf(bytes)));
    expect(() => image.sections[other]?.data()).toThrow(`section ${other} should be at bytes`);
  });

  test("minds neither the ELF version nor what has no name", () => {
    const damaged = bytes.slice();
    damaged[6] = 9;
    new DataView(damaged.buffer).setUint32(header(index === 1 ? 2 : 1), 0xffff_ffff, true);
    expect(() => parseElf(damaged)).toThrow(ElfError);
    expect(readModinfo(parseElf(damaged, { tolerant: true }))).toEqual(readModinfo(parseElf(bytes)));
  });

  test("reads or refuses with an ElfError whatever it is given", () => {
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const damaged = bytes.slice();
        for (const { at, value } of changes) damaged[at] = value;
        try {
          const image = parseElf(damaged, { tolerant: true });
          readModinfo(image);
          for (const section of image.sections) section.data();
          void image.symbols;
        } catch (error) {
          if (!(error instanceof ElfError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
