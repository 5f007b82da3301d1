import { describe, expect, it } from "vitest";
import { biosDataArea, extendedBiosDataArea } from "./bios-data-area";
import { E820Type, memoryMap } from "./e820";

const { address, bytes } = biosDataArea();
const word = (at: number): number => bytes[at - address] | (bytes[at - address + 1] << 8);

describe("the BIOS data area (IBM PC AT Technical Reference)", () => {
  const low = memoryMap(2 ** 24).filter(({ type }) => type === E820Type.ram)[0];

  it("tells at 0x413 how many KiB of memory there are below the extended BIOS data area, as the memory map does", () => {
    expect(word(0x413)).toBe(639);
    expect(low).toMatchObject({ base: 0, length: 639 * 1024 });
  });

  it("tells at 0x40e the real-mode segment of the extended BIOS data area, which begins with its size in KiB", () => {
    expect(word(0x40e)).toBe(0x9fc0);
    expect(extendedBiosDataArea()).toEqual({ address: 0x9fc00, bytes: Uint8Array.of(1) });
    expect(low.base + low.length).toBe(word(0x40e) * 16);
  });

  it("tells of the first serial port, of no other, and of text in 80 columns and 25 rows", () => {
    expect([0x400, 0x402, 0x404, 0x406].map(word)).toEqual([0x3f8, 0, 0, 0]);
    expect([bytes[0x49], word(0x44a), bytes[0x84] + 1]).toEqual([3, 80, 25]);
  });
});
