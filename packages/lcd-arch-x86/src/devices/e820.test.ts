import { expect, it } from "vitest";
import { encodeE820, memoryMap } from "./e820";

it("maps 639 KiB, a hole from 640 KiB on in which the BIOS is, and the rest from 1 MiB on", () => {
  expect(memoryMap(128 << 20)).toEqual([
    { base: 0, length: 639 * 1024, type: 1 },
    { base: 639 * 1024, length: 1024, type: 2 },
    { base: 0xf0000, length: 0x10000, type: 2 },
    { base: 0x100000, length: 127 << 20, type: 1 },
  ]);
  expect(memoryMap(1 << 20)).toHaveLength(3);
});

it("encodes ranges in 20 bytes, little-endian", () => {
  const bytes = encodeE820([{ base: 0x1_0000_2000, length: 0x3000, type: 2 }]);
  expect([...bytes]).toEqual([0, 0x20, 0, 0, 1, 0, 0, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
});
