import { expect, test } from "vitest";
import { hasLinuxFeature } from "./cpu-features";

// Bits as the SDM, volume 2A, "CPUID", has them; feature numbers as `grep flags /proc/cpuinfo` names them in Linux.
const processor = (leaf: number, subleaf: number) => {
  const registers = { eax: 0, ebx: 0, ecx: 0, edx: 0 };
  if (leaf === 1) return { ...registers, ecx: 1 << 23, edx: 1 << 15 };
  if (leaf === 7 && subleaf === 0) return { ...registers, ebx: 1 << 9, edx: 1 << 31 };
  if (leaf === 0x80000001) return { ...registers, edx: 1 << 29 };
  return registers;
};

test.each([
  ["CMOV", 0 * 32 + 15, true],
  ["TSC", 0 * 32 + 4, false],
  ["long mode", 1 * 32 + 29, true],
  ["POPCNT", 4 * 32 + 23, true],
  ["ERMS", 9 * 32 + 9, true],
  ["SMAP", 9 * 32 + 20, false],
  ["SSBD", 18 * 32 + 31, true],
  ["ALWAYS", 3 * 32 + 21, true],
  ["RETPOLINE, which is Linux's own choice", 7 * 32 + 12, false],
  ["a number beyond all words", 0x7fff, false],
])("%s", (_, feature, expected) => {
  expect(hasLinuxFeature(feature, processor)).toBe(expected);
});
