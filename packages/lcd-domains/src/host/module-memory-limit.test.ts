import { SHF_ALLOC, SHF_WRITE } from "elf-image";
import { expect, test } from "vitest";
import { testHost } from "../../test/host";
import { makeImage } from "../module/testing/make-image";

const SHT_NOBITS = 8;
const MIB = 1 << 20;

/** A file of half a kilobyte with this many bytes of zeros in memory. */
function moduleOf(size: number): Uint8Array {
  const image = makeImage([{ name: ".bss", type: SHT_NOBITS, flags: SHF_ALLOC | SHF_WRITE }]);
  const view = new DataView(image.buffer);
  // sh_size of section 1 (System V ABI, "Section Header").
  view.setBigUint64(Number(view.getBigUint64(40, true)) + 64 + 32, BigInt(size), true);
  return image;
}

test("a module that is larger than the host's memory is refused before anything is made of it", () => {
  const { modules } = testHost({ memory: 16 * MIB });
  const load = (name: string, size: number) => modules.load({ image: moduleOf(size), name, options: "" });
  expect(() => load("gigabyte", 1024 * MIB)).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
  load("first", 8 * MIB);
  expect(() => load("second", 8 * MIB)).toThrowError(expect.objectContaining({ code: "ENOMEM" }));
  modules.remove(load("small", MIB));
});
