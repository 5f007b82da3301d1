/** The registers that CPUID fills for a leaf and subleaf. */
export type Cpuid = (leaf: number, subleaf: number) => Readonly<Record<"eax" | "ebx" | "ecx" | "edx", number>>;

/** Where the 32 features of a word of Linux's `cpufeatures.h` come from; words without an entry are Linux's own. */
const WORDS: ReadonlyMap<number, readonly [leaf: number, subleaf: number, register: "eax" | "ebx" | "ecx" | "edx"]> =
  new Map([
    [0, [0x1, 0, "edx"]],
    [1, [0x80000001, 0, "edx"]],
    [4, [0x1, 0, "ecx"]],
    [6, [0x80000001, 0, "ecx"]],
    [9, [0x7, 0, "ebx"]],
    [10, [0xd, 1, "eax"]],
    [12, [0x7, 1, "eax"]],
    [13, [0x80000008, 0, "ebx"]],
    [14, [0x6, 0, "eax"]],
    [16, [0x7, 0, "ecx"]],
    [18, [0x7, 0, "edx"]],
  ]);

/** Features of Linux's own that every x86-64 processor has: long no-operations, and the one that is always set. */
const ALWAYS_THERE = [3 * 32 + 20, 3 * 32 + 21];

/**
 * Whether a processor has a feature that `.altinstructions` may ask about.
 *
 * @param feature its number in Linux's `cpufeatures.h`: word * 32 + bit
 * @param cpuid what the processor says of itself
 */
export function hasLinuxFeature(feature: number, cpuid: Cpuid): boolean {
  if (ALWAYS_THERE.includes(feature)) return true;
  const source = WORDS.get(feature >>> 5);
  if (source === undefined) return false;
  const [leaf, subleaf, register] = source;
  return ((cpuid(leaf, subleaf)[register] >>> (feature & 31)) & 1) === 1;
}
