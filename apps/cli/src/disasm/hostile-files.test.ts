import { ElfError } from "elf-image";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exampleBytes } from "../testing/module-files";
import { linkForReading } from "./linked-image";
import { listing } from "./listing";

/** Lists all that a file has; gives the number of lines, or what was wrong with it. */
function listAll(bytes: Uint8Array): number | ElfError {
  try {
    const image = linkForReading(bytes);
    return image.sections
      .map((section) => {
        const range = { section, from: section.address, to: section.address + BigInt(section.bytes.length) };
        return listing(image, range, { syntax: "intel", ir: false, wasm: false }).length;
      })
      .reduce((sum, count) => sum + count, 0);
  } catch (error) {
    if (error instanceof ElfError) return error;
    throw error;
  }
}

describe("disassembling a damaged file", () => {
  const hello = exampleBytes("hello");

  it("gives a listing or an error, whatever bytes are changed", { timeout: 60_000 }, () => {
    const change = fc.tuple(fc.nat(hello.length - 1), fc.nat(255));
    const changes = fc.array(change, { minLength: 1, maxLength: 8 });
    // Most of what holds a file together is in its header and in the section headers at its end.
    const places = fc.oneof(changes, fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(places, (list) => {
        const bytes = hello.slice();
        for (const [at, value] of list) bytes[at] = value;
        const result = listAll(bytes);
        expect(typeof result === "number" || result.message !== "").toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("gives a listing or an error wherever the file ends", () => {
    for (let length = 0; length < hello.length; length += 97) listAll(hello.subarray(0, length));
    expect(listAll(hello.subarray(0, 63))).toBeInstanceOf(ElfError);
    expect(listAll(hello)).toBeGreaterThan(100);
  });
});
