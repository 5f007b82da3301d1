import { MAXPHYADDR } from "../../mmu/control-bits";

/** The four registers that CPUID fills. */
export interface CpuidResult {
  eax: number;
  ebx: number;
  ecx: number;
  edx: number;
}

/** Leaf 1, EDX (SDM 2A, "CPUID", table of feature information). */
const Feature1Edx = { TSC: 1 << 4, MSR: 1 << 5, PAE: 1 << 6, CX8: 1 << 8, PGE: 1 << 13, CMOV: 1 << 15 } as const;
/** Leaf 1, ECX. */
const Feature1Ecx = { VMX: 1 << 5, CX16: 1 << 13, MOVBE: 1 << 22, POPCNT: 1 << 23 } as const;
/** Leaf 7, EBX. */
const Feature7Ebx = { SMEP: 1 << 7 } as const;
/** Leaf 80000001H. */
const ExtendedEcx = { LAHF: 1 << 0, LZCNT: 1 << 5 } as const;
const ExtendedEdx = { NX: 1 << 20, page1G: 1 << 26, RDTSCP: 1 << 27, longMode: 1 << 29 } as const;
/** TZCNT comes with BMI1, which has VEX instructions too, so leaf 7 does not announce it; LZCNT has a bit of its own. */

const sum = (...sets: Record<string, number>[]): number =>
  sets.flatMap((set) => Object.values(set)).reduce((a, b) => a | b, 0);

const text = (value: string): number =>
  value.charCodeAt(0) | (value.charCodeAt(1) << 8) | (value.charCodeAt(2) << 16) | (value.charCodeAt(3) << 24);

const BRAND = "LCD emulated x86-64 processor";
const NOTHING: CpuidResult = { eax: 0, ebx: 0, ecx: 0, edx: 0 };

/** Twelve characters of the vendor string, or sixteen of the brand string, four to a register. */
function words(value: string, at: number): number {
  return text(value.padEnd(48, "\0").slice(at, at + 4));
}

const leaves: ReadonlyMap<number, (processor: number) => CpuidResult> = new Map([
  [0, () => ({ eax: 7, ebx: text("Genu"), edx: text("ineI"), ecx: text("ntel") })],
  [
    1,
    (processor: number) => ({
      // Family 6, model 15: 64-bit processors with VT-x are told by their feature bits, not by this.
      eax: 0x6f0,
      ebx: processor << 24,
      ecx: sum(Feature1Ecx),
      edx: sum(Feature1Edx),
    }),
  ],
  [7, () => ({ eax: 0, ebx: sum(Feature7Ebx), ecx: 0, edx: 0 })],
  [0x80000000, () => ({ eax: 0x80000008 | 0, ebx: 0, ecx: 0, edx: 0 })],
  [0x80000001, () => ({ eax: 0, ebx: 0, ecx: sum(ExtendedEcx), edx: sum(ExtendedEdx) })],
  ...[0, 1, 2].map(
    (part) =>
      [
        0x80000002 + part,
        () => ({
          eax: words(BRAND, part * 16),
          ebx: words(BRAND, part * 16 + 4),
          ecx: words(BRAND, part * 16 + 8),
          edx: words(BRAND, part * 16 + 12),
        }),
      ] as const,
  ),
  [0x80000008, () => ({ eax: MAXPHYADDR | (48 << 8), ebx: 0, ecx: 0, edx: 0 })],
]);

/** What CPUID reports: exactly what is implemented. Unknown leaves give zeros; only subleaf 0 of leaf 7 exists. */
export function cpuid(leaf: number, subleaf: number, processor: number): CpuidResult {
  if (leaf >>> 0 === 7 && subleaf !== 0) {
    return NOTHING;
  }
  return leaves.get(leaf >>> 0)?.(processor) ?? NOTHING;
}
