import { readFileSync } from "node:fs";
import { ElfError } from "elf-image";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { __hpa } from "../../address";
import { PhysicalMemory } from "../physical-memory";
import { loadMultiboot, MultibootError, type MultibootOptions } from "./index";

const MIB = 1024 * 1024;
const guest = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../guests/prebuilt/${name}.elf`, import.meta.url)));

const ram = (size = 8 * MIB) => new PhysicalMemory(new ArrayBuffer(size), 0, size, () => {});

const MEMORY_MAP = [
  { base: 0, length: 0x9fc00, type: 1 },
  { base: 0x9fc00, length: 0x400, type: 2 },
  { base: MIB, length: 7 * MIB, type: 1 },
];

function load(kernel: Uint8Array, options: Partial<MultibootOptions> = {}, memory = ram()) {
  const defaults = { commandLine: "", modules: [], memoryMap: MEMORY_MAP, reserved: [] };
  return { ...loadMultiboot(memory, { ...defaults, kernel, ...options }), memory };
}

/** 32-bit words, as a file that is no ELF file. */
function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values.map((value) => value >>> 0)).buffer);
}

/** Magic, flags and a right checksum: the three add up to 0 (Multiboot 0.6.96, 3.1.2). */
const header = (flags: number) => [0x1badb002, flags, -(0x1badb002 + flags)];

/** A header with address fields at the start of the file: header_addr, load_addr, load_end_addr, bss_end_addr, entry. */
const flat = (...addresses: number[]) => words(...header(0x10000), ...addresses, 0x11111111, 0x22222222);

describe("a Multiboot kernel", () => {
  it("is loaded by its program headers, zeros behind the data, and entered at its entry point", () => {
    const file = guest("hello");
    const { entry, memory } = load(file);
    // runtime/kernel.ld: the image is at 1 MiB and begins with the header.
    expect(memory.readU32(__hpa(MIB))).toBe(0x1badb002);
    // e_entry of an ELF32 header is at offset 24 (System V ABI, "ELF Header").
    expect(entry).toBe(new DataView(file.buffer).getUint32(24, true));
  });

  it("may be position-independent: it is loaded to the addresses that it has, as QEMU does", () => {
    const file = guest("hello");
    // e_type is at offset 16: ET_DYN.
    new DataView(file.buffer).setUint16(16, 3, true);
    expect(load(file).entry).toBe(load(guest("hello")).entry);
  });

  it("gets memory size, command line, modules and memory map in the information structure (3.3)", () => {
    const modules = [
      { data: Uint8Array.of(1, 2, 3), text: "one.bin with arguments" },
      { data: new Uint8Array(5000).fill(7), text: "two" },
    ];
    const { information, memory } = load(guest("hello"), { commandLine: "kernel a=1", modules });
    const word = (at: number) => memory.readU32(__hpa(information + at));
    const text = (at: number) => {
      const bytes = memory.read(__hpa(at), 64);
      return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
    };
    // Bits 0, 2, 3, 6 and 9: memory, command line, modules, map, name of the loader.
    expect(word(0)).toBe(0b10_0100_1101);
    expect([word(4), word(8)]).toEqual([0x9fc00 / 1024, 7 * 1024]);
    expect(text(word(16))).toBe("kernel a=1");
    expect(text(word(64))).toBe("lcd");
    expect(word(20)).toBe(2);
    const module = (index: number) => [0, 4, 8, 12].map((at) => memory.readU32(__hpa(word(24) + index * 16 + at)));
    const [[start1, end1, text1, zero], [start2, end2, text2]] = [module(0), module(1)];
    expect([end1 - start1, end2 - start2, zero]).toEqual([3, 5000, 0]);
    expect([start1 % 4096, start2 % 4096]).toEqual([0, 0]);
    expect([...memory.read(__hpa(start1), 3)]).toEqual([1, 2, 3]);
    expect(memory.readU8(__hpa(end2 - 1))).toBe(7);
    expect([text(text1), text(text2)]).toEqual(["one.bin with arguments", "two"]);
    // Each entry of the map is 4 bytes of size, which do not count, base, length and type.
    expect(word(44)).toBe(3 * 24);
    expect(memory.readU32(__hpa(word(48)))).toBe(20);
    expect(memory.readU64(__hpa(word(48) + 48 + 4))).toBe(0x100000n);
    expect(memory.readU64(__hpa(word(48) + 48 + 12))).toBe(7n * 0x100000n);
    expect(memory.readU32(__hpa(word(48) + 24 + 20))).toBe(2);
  });

  it("goes where the header's address fields say, if it has them (3.1.3)", () => {
    // Loaded from the header on to 2 MiB: 8 words of header and 1 of the 2 behind it; then zeros up to bss_end_addr.
    const { entry, memory } = load(flat(0x200000, 0x200000, 0x200024, 0x200030, 0x200020));
    expect(entry).toBe(0x200020);
    expect([0x20, 0x24].map((at) => memory.readU32(__hpa(0x200000 + at)))).toEqual([0x11111111, 0]);
  });

  it("is loaded to the end of its file when load_end_addr is 0", () => {
    const { memory } = load(flat(0x200000, 0x200000, 0, 0, 0x200020));
    expect(memory.readU32(__hpa(0x200024))).toBe(0x22222222);
  });

  it("may be a 64-bit ELF file, and have an entry point that is virtual", () => {
    const file = elf64({ virtual: 0xffffffff80200000n, physical: 0x200000n, entry: 0xffffffff80200020n });
    const { entry, memory } = load(file);
    expect(entry).toBe(0x200020);
    expect(memory.readU32(__hpa(0x200000))).toBe(0x1badb002);
  });
});

describe("a file that cannot be loaded", () => {
  it.each<[string, Uint8Array, Partial<MultibootOptions>, RegExp]>([
    ["has no header", words(1, 2, 3), {}, /no Multiboot header/],
    ["is empty", new Uint8Array(0), {}, /no Multiboot header/],
    ["has a wrong checksum", words(0x1badb002, 0, 1), {}, /no Multiboot header/],
    ["has its header behind 8192 bytes", new Uint8Array([...new Uint8Array(8192), ...words(...header(0))]), {}, /8192/],
    ["asks for what does not exist", words(...header(1 << 5)), {}, /features 0x20/],
    ["is no ELF file", words(...header(0)), {}, /no ELF file/],
    ["ends in its address fields", words(...header(0x10000), 1, 2), {}, /inside the address fields/],
    ["is to be loaded from before its start", flat(0x200000, 0x1ffff0, 0, 0, 0x200000), {}, /wants bytes/],
    ["is to be loaded beyond its end", flat(0x200000, 0x200000, 0x201000, 0, 0x200000), {}, /wants bytes/],
    ["ends before its data does", flat(0x200000, 0x200000, 0, 0x200010, 0x200000), {}, /bss_end_addr/],
    ["starts outside of itself", flat(0x200000, 0x200000, 0, 0, 0x300000), {}, /entry point, 0x300000/],
    ["goes beyond RAM", flat(0x7ffff0, 0x7ffff0, 0, 0, 0x7ffff0), {}, /RAM ends at 0x7fffff/],
    ["goes where the information is", flat(0x90000, 0x90000, 0, 0, 0x90000), {}, /0x90000 to .* Multiboot information/],
    [
      "goes where something else is",
      flat(0x9fc00, 0x9fc00, 0, 0, 0x9fc00),
      { reserved: [{ base: 0x9fc00, length: 0x400, what: "the EBDA" }] },
      /0x9fc00 to 0x9ffff is the EBDA/,
    ],
    ["has a long command line", guest("hello"), { commandLine: "x".repeat(70_000) }, /room for/],
    ["has a large module", guest("hello"), { modules: [{ data: new Uint8Array(8 * MIB), text: "big" }] }, /"big"/],
    ["is for another processor", elf64({ machine: 183 }), {}, /machine 183/],
    ["is loaded above 4 GiB", elf64({ physical: 0x1_0000_0000n }), {}, /below 4 GiB/],
  ])("%s", (_title, file, options, message) => {
    expect(() => load(file, options)).toThrow(MultibootError);
    expect(() => load(file, options)).toThrow(message);
  });

  it("leaves RAM as it was", () => {
    const memory = ram();
    const modules = [{ data: new Uint8Array(8 * MIB), text: "big" }];
    expect(() => load(guest("hello"), { modules }, memory)).toThrow(MultibootError);
    expect(memory.read(__hpa(0), memory.size).every((byte) => byte === 0)).toBe(true);
  });

  it("is told as such wherever a kernel is cut off", () => {
    const file = guest("hello");
    const memory = ram();
    let loaded = 0;
    for (let length = 0; length < file.length; length += length < 512 ? 1 : 61) {
      try {
        load(file.subarray(0, length), {}, memory);
        loaded++;
      } catch (error) {
        expect(error instanceof MultibootError || error instanceof ElfError).toBe(true);
      }
    }
    // The section headers are last, and there is nothing behind them.
    expect(loaded).toBe(0);
  });

  it("is told as such, or loaded, whatever bytes of it are changed", () => {
    const file = guest("hello");
    const memory = ram();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(0x1100), fc.nat(255)), { maxLength: 8 }), (changes) => {
        const changed = file.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        try {
          load(changed, {}, memory);
        } catch (error) {
          expect(error instanceof MultibootError || error instanceof ElfError, `${error}`).toBe(true);
        }
      }),
    );
  });
});

/** A 64-bit ELF file with one segment, which holds a Multiboot header, at offset 120. */
function elf64(fields: { machine?: number; virtual?: bigint; physical?: bigint; entry?: bigint }): Uint8Array {
  const { machine = 62, virtual = 0x200000n, physical = virtual, entry = virtual } = fields;
  const body = words(...header(0), ...Array(16).fill(0));
  const file = new Uint8Array(120 + body.length);
  const view = new DataView(file.buffer);
  // ELF header (System V ABI): magic, class 2, little-endian, version 1.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, entry, true);
  view.setBigUint64(32, 64n, true);
  [64, 56, 1].forEach((value, index) => view.setUint16(52 + index * 2, value, true));
  // Program header: PT_LOAD, readable and executable, offset, addresses, sizes, alignment.
  view.setUint32(64, 1, true);
  view.setUint32(68, 5, true);
  [120n, virtual, physical, BigInt(body.length), BigInt(body.length), 1n].forEach((value, index) =>
    view.setBigUint64(72 + index * 8, value, true),
  );
  file.set(body, 120);
  return file;
}
