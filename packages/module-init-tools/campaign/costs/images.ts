import { SHT_STRTAB, SHT_SYMTAB } from "elf-image";
import { type MadeSection, makeImage, packed, repeated } from "../../../lcd-domains/src/module/testing/make-image";
import { makeModule } from "../../src/testing";
import type { Costs } from "../costs";
import { TREE } from "../tools";
import { lines } from "./lines";

const SHT_PROGBITS = 1;
const encoder = new TextEncoder();
const MODULE = `${TREE}/a.ko`;

/** Module files. */
export const imageCosts: Costs = {
  overlappingNames: (size) => module(symbolsWithNames(size, () => 0x61)),
  overlappingNamesOfUtf8: (size) => module(symbolsWithNames(size, (i) => (i % 2 === 0 ? 0xc3 : 0xa4))),
  overlappingNamesOfBytes: (size) => module(symbolsWithNames(size, () => 0xff)),
  emptySections: (size) => module(Array.from({ length: Math.min(60_000, size / 64) }, () => section("", ""))),
  sectionsWithOneName: (size) => {
    // The names of the sections are in the last one.
    return module(Array.from({ length: size / 200 }, (_, i) => section("n".repeat(i === 0 ? 4000 : 100), "")));
  },
  sectionsWithOneContent: (size) => {
    const first = section(".modinfo", "license=GPL\0".repeat(size / 24));
    const other = { name: ".modinfo", type: SHT_PROGBITS, sameAs: 1 };
    return module([first, ...Array.from({ length: size / 200 }, () => other)]);
  },
  bytesThatAreNoText: (size) => module([{ ...section(".modinfo", ""), bytes: new Uint8Array(size).fill(0xff) }]),
  exports: (size) =>
    module([
      section(
        "__ksymtab_strings",
        lines(size / 8, (i) => `s${i}\0`),
      ),
    ]),
  parameters: (size) =>
    module([
      section(
        ".modinfo",
        lines(size / 16, (i) => `parm=p${i}:x\0parm=\0`),
      ),
    ]),
  numbersOfDevice: (size) => ({
    files: { [MODULE]: makeModule({ modinfo: [`alias=char-major-${" ".repeat(size)}${"9".repeat(size)}-`] }) },
    commands: ["depmod"],
  }),
};

function module(sections: readonly MadeSection[]): ReturnType<Costs[string]> {
  const commands = ["depmod", `modinfo ${MODULE}`, `modprobe --show-exports ${MODULE}`];
  return { files: { [MODULE]: makeImage(sections) }, commands };
}

function section(name: string, content: string): MadeSection {
  return { name, type: SHT_PROGBITS, bytes: encoder.encode(content) };
}

/** Undefined symbols with names of 4,000 bytes; each name ends where the next ends, too. */
function symbolsWithNames(size: number, fill: (i: number) => number): MadeSection[] {
  const names = Uint8Array.from({ length: size / 2 }, (_, i) => (i % 4090 === 0 ? 0 : fill(i)));
  names.set([0], names.length - 1);
  const symbol = (i: number) => packed([4, 1 + (i % 50)], [2, 0x10], [2, 0], [8, 0], [8, 0]);
  return [
    { name: ".symtab", type: SHT_SYMTAB, link: 2, entrySize: 24, bytes: repeated(size / 48, symbol) },
    { name: ".strtab", type: SHT_STRTAB, bytes: names },
  ];
}
