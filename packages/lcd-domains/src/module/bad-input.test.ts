import { parseElf } from "elf-image";
import fc from "fast-check";
import { KernelError } from "lcd-arch-x86";
import { describe, expect, test } from "vitest";
import { loadModule } from "./load-module";
import { fixture, TestHost } from "./testing/test-host";

/** A host that knows every symbol. */
class OpenHost extends TestHost {
  override resolve(symbol: string) {
    return this.symbols.get(symbol) ?? { value: this.perCpuBase, owner: null };
  }
}

const refusal = (image: Uint8Array, host: TestHost, options = ""): KernelError => {
  try {
    loadModule({ image, name: "file", options }, host);
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error("the module was loaded");
};

describe("a module that is not one is refused:", () => {
  const edited = (edit: (view: DataView) => void): Uint8Array => {
    const image = fixture("linked.ko");
    edit(new DataView(image.buffer));
    return image;
  };
  const text = new TextEncoder().encode("#!/bin/sh\n");
  test.each([
    ["an empty file", new Uint8Array(0), "file: invalid module format: the file is empty"],
    ["a script", text, "file: invalid module format: this is not an ELF file: it does not begin with 7f 45 4c 46"],
    // Offsets of e_type and e_machine: System V ABI, figure 4-3. EM_AARCH64 is 183.
    [
      "another machine",
      edited((v) => v.setUint16(18, 183, true)),
      "file: invalid module format: it is for machine 183, not for x86-64 (62)",
    ],
    [
      "a program",
      edited((v) => v.setUint16(16, 2, true)),
      "file: invalid module format: its type is 2; a module is a relocatable file (1)",
    ],
    ["an unknown class", edited((v) => v.setUint8(4, 3)), "file: invalid module format: unknown ELF class 3"],
  ])("%s", (_, image, message) => {
    const error = refusal(image, new OpenHost());
    expect([error.code, error.message]).toEqual(["ENOEXEC", message]);
  });

  test("32 bits", () => {
    // An ELF32 header with no sections, from the same figure.
    const image = new Uint8Array(52);
    image.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
    new DataView(image.buffer).setUint16(40, 52, true);
    expect(refusal(image, new OpenHost()).message).toBe(
      "file: invalid module format: it is an ELF32 file, and modules are ELF64",
    );
  });
});

describe("a module that asks for what cannot be is refused:", () => {
  test.each([
    ["bad-common.ko", "ENOEXEC", /bad_common: .* symbol shared is a common symbol; compile with -fno-common/],
    ["bad-flags.ko", "ENOEXEC", /bad_flags: .* section .text.self_modifying is writable and executable/],
    ["bad-alignment.ko", "ENOEXEC", /bad_alignment: .* section .data wants an alignment of 8192 bytes/],
    ["bad-overflow.ko", "ENOEXEC", /bad_overflow: .* in .text, symbol far: R_X86_64_32 at offset 1 overflows/],
    ["bad-type.ko", "ENOEXEC", /bad_type: .* in .text, symbol far: unknown x86-64 relocation type/],
    ["bad-size.ko", "ENOMEM", /bad_size: it wants \d+ bytes, more than all of module space/],
    ["bad-table.ko", "ENOEXEC", /bad_table: .* it refers to 5 bytes at 0x[0-9a-f]+, which is not in its memory/],
  ])("%s", (name, code, message) => {
    const host = new OpenHost().define("far", 0xffffffffb0000000n);
    const error = refusal(fixture(name), host);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(host.inUse).toBe(0);
  });

  test("more memory than there is", () => {
    const host = new OpenHost(8192);
    expect(refusal(fixture("linked.ko"), host).code).toBe("ENOMEM");
    expect(host.inUse).toBe(0);
  });

  test("a symbol outside its section", () => {
    const image = fixture("linked.ko");
    const elf = parseElf(image);
    const index = elf.symbols.findIndex(({ name }) => name === "init_module");
    const at = (elf.section(".symtab")?.offset ?? 0) + index * 24;
    new DataView(image.buffer).setBigUint64(at + 8, 0x1000n, true);
    expect(refusal(image, new OpenHost()).message).toMatch(
      /symbol init_module is at 4096 of section .text, which has 65 bytes/,
    );
  });

  test("a name that no module can have", () => {
    const image = Buffer.from(
      Buffer.from(fixture("linked.ko")).toString("latin1").replace("name=linked", "name=../../"),
      "latin1",
    );
    expect(refusal(new Uint8Array(image), new OpenHost()).message).toMatch(/is no module name/);
  });
});

describe.each(["linked.ko", "exporter.ko", "importer.ko", "parameters.ko", "sites.ko", "layouts.ko"])("%s", (name) => {
  const image = fixture(name);
  const options = name === "parameters.ko" ? "an_int=1 a_charp=text an_array=1,2 a_string=x names=a,b" : "";

  test("cut off after any number of bytes, it is refused with ENOEXEC, and nothing stays allocated", () => {
    for (let length = 0; length < image.length; length++) {
      const host = new OpenHost();
      expect(refusal(image.subarray(0, length), host, options).code).toBe("ENOEXEC");
      expect(host.inUse).toBe(0);
    }
  });

  test("with bytes changed anywhere, it is loaded or refused with a KernelError, and nothing stays allocated", () => {
    const change = fc.record({ at: fc.nat(image.length - 1), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = image.slice();
        for (const { at, value } of changes) damaged[at] = value;
        const host = new OpenHost(4 << 20);
        try {
          const module = loadModule({ image: damaged, name: "file", options }, host);
          expect(module.parts.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(module.size);
          expect(host.inUse).toBe(module.size);
        } catch (error) {
          if (!(error instanceof KernelError)) throw error;
          expect(host.inUse).toBe(0);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
