import { describe, expect, it } from "vitest";
import { Cr4 } from "./control-bits";
import { isCanonical, isCanonicalHigh } from "./linear-address";

const high = (address: bigint): number => Number(address >> 32n);

describe("canonical addresses (SDM 1, Canonical Addressing)", () => {
  it.each([
    [0x0000_7fff_ffff_ffffn, true, true],
    [0x0000_8000_0000_0000n, false, true],
    [0xffff_7fff_ffff_ffffn, false, true],
    [0xffff_8000_0000_0000n, true, true],
    [0x00ff_ffff_ffff_ffffn, false, true],
    [0x0100_0000_0000_0000n, false, false],
    [0xfeff_ffff_ffff_ffffn, false, false],
    [0xff00_0000_0000_0000n, false, true],
    [0x8000_0000_0000_0000n, false, false],
  ])("0x%x has bits 63:47 alike: %s; bits 63:56: %s", (address, with48, with57) => {
    expect(isCanonicalHigh(high(address), 0)).toBe(with48);
    expect(isCanonicalHigh(high(address), Cr4.LA57)).toBe(with57);
    expect(isCanonicalHigh(high(address) | 0, Cr4.LA57)).toBe(with57);
    expect(isCanonical(address)).toBe(with57);
  });
});
