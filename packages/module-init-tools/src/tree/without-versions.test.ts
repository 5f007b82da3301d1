import { parseElf } from "elf-image";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeModule } from "../testing";
import { withoutVersions } from "./without-versions";

const formats = [
  { bits: 64, bigEndian: false },
  { bits: 64, bigEndian: true },
  { bits: 32, bigEndian: false },
  { bits: 32, bigEndian: true },
] as const;

const MODINFO = ["license=GPL", "vermagic=6.1.0 SMP", "parm=a:vermagic=no", "vermagic=second"];

const vermagicOnly = { forceVermagic: true, forceModversion: false };
const modversionOnly = { forceVermagic: false, forceModversion: true };
const both = { forceVermagic: true, forceModversion: true };

/** Write, allocate and execute, and bits that no kernel knows: nothing but SHF_ALLOC (2) may go. */
const FLAGS = 0xf000_0007;

/** A module whose sections all have {@link FLAGS}. */
function module(format: (typeof formats)[number]): Uint8Array {
  const image = makeModule({ ...format, modinfo: MODINFO, versions: { printk: 0x1234, module_layout: 1 } });
  const view = new DataView(image.buffer);
  const { sections } = parseElf(image);
  for (const { index } of sections.slice(1)) view.setUint32(flagsAt(view, format, index), FLAGS, !format.bigEndian);
  return image;
}

/** Where the low half of a section's flags is (System V ABI: e_shoff at 40 or 32, headers of 64 or 40 bytes, sh_flags at 8). */
function flagsAt(view: DataView, { bits, bigEndian }: (typeof formats)[number], index: number): number {
  if (bits === 32) return view.getUint32(32, !bigEndian) + 40 * index + 8;
  return Number(view.getBigUint64(40, !bigEndian)) + 64 * index + 8 + (bigEndian ? 4 : 0);
}

function changes(before: Uint8Array, after: Uint8Array): number[] {
  expect(after.length).toBe(before.length);
  return [...before.keys()].filter((i) => before[i] !== after[i]);
}

// What changes is what modprobe of kmod 30 changes in the same file before it calls init_module.
describe.each(formats)("a module of $bits bits, big endian: $bigEndian", (format) => {
  const image = module(format);
  const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  const vermagicAt = text(image).indexOf("vermagic=6.1.0 SMP");
  const versions = parseElf(image).section("__versions");

  test("loses the version magic: its first entry becomes zeros, and nothing else changes", () => {
    const after = withoutVersions(image, vermagicOnly);
    expect(changes(image, after)).toEqual([..."vermagic=6.1.0 SMP"].map((_, i) => vermagicAt + i));
    const { length } = "vermagic=6.1.0 SMP";
    expect(after.subarray(vermagicAt, vermagicAt + length)).toEqual(new Uint8Array(length));
  });

  test("loses the versions of symbols: they are no part of the module in memory, and nothing else changes", () => {
    const after = withoutVersions(image, modversionOnly);
    const flags = flagsAt(new DataView(image.buffer), format, versions?.index ?? 0);
    expect(changes(image, after)).toEqual([flags + (format.bigEndian ? 3 : 0)]);
    expect(parseElf(after).section("__versions")?.flags).toBe(BigInt(FLAGS - 2));
  });

  test("loses both, or nothing, and the original stays", () => {
    const copy = image.slice();
    const after = withoutVersions(image, both);
    expect(after).toEqual(withoutVersions(withoutVersions(image, vermagicOnly), modversionOnly));
    expect(withoutVersions(image, { forceVermagic: false, forceModversion: false })).toEqual(copy);
    expect(image).toEqual(copy);
  });

  test("that is damaged or cut is still handed over, whole", () => {
    fc.assert(
      fc.property(fc.nat(image.length - 1), fc.nat(255), fc.nat(image.length), (at, byte, length) => {
        const damaged = image.slice(0, length);
        if (at < length) damaged[at] = byte;
        const after = withoutVersions(damaged, both);
        // Zeros in place of a version magic, and SHF_ALLOC away: nothing else, wherever the damage makes them look.
        for (const i of changes(damaged, after)) expect([0, Number(damaged[i]) - 2]).toContain(after[i]);
      }),
      { numRuns: 500 },
    );
  });
});

test("a module without versions, and what is no module, stay as they are", () => {
  const plain = makeModule({ modinfo: ["license=GPL", "xvermagic=1", "vermagic"] });
  expect(withoutVersions(plain, both)).toEqual(plain);
  const text = new TextEncoder().encode("no module");
  expect(withoutVersions(text, both)).toEqual(text);
  expect(withoutVersions(new Uint8Array(0), both)).toEqual(new Uint8Array(0));
});
