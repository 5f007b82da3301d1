import { Cr4 } from "../../mmu/control-bits";

/** What CPUID depends on besides the leaf. */
export interface CpuidSurroundings {
  /** The processor's number, which is its APIC ID, and how many there are. */
  index: number;
  processors: number;
  /** There is a local APIC, ... */
  apic: boolean;
  /** ... and it is enabled in IA32_APIC_BASE. */
  apicEnabled: boolean;
  /** CR4 as the processor has it. */
  cr4: number;
  /** IA32_MISC_ENABLE lets MONITOR and MWAIT be. */
  monitor: boolean;
  /** The processor is in 64-bit mode. */
  code64: boolean;
}

/** Where CPUID announces a feature, where it is implemented, and the CR4 bits that come with it. */
interface Feature {
  readonly leaf: number;
  readonly register: "eax" | "ebx" | "ecx" | "edx";
  readonly bit: number;
  /** The file or folder of `src/` that does it. */
  readonly by: string;
  readonly cr4?: number;
  /** Default: always announced. */
  readonly when?: (surroundings: CpuidSurroundings) => boolean;
}

const LEAF_1 = 1;
const LEAF_6 = 6;
const LEAF_7 = 7;
const EXTENDED = 0x80000001;
const POWER = 0x80000007;

const withApic = ({ apic }: CpuidSurroundings): boolean => apic;

/**
 * Every feature that CPUID announces (SDM 2A, "CPUID"): what is here is implemented in full, and what is not here raises
 * #UD or #GP.
 */
export const features = {
  fpu: { leaf: LEAF_1, register: "edx", bit: 0, by: "cpu/x87" },
  vme: {
    leaf: LEAF_1,
    register: "edx",
    bit: 1,
    by: "cpu/interrupt/virtual-8086.ts",
    cr4: Cr4.VME | Cr4.PVI,
  },
  de: { leaf: LEAF_1, register: "edx", bit: 2, by: "cpu/system/debug-registers.ts", cr4: Cr4.DE },
  pse: { leaf: LEAF_1, register: "edx", bit: 3, by: "mmu", cr4: Cr4.PSE },
  tsc: { leaf: LEAF_1, register: "edx", bit: 4, by: "cpu/system/time.ts", cr4: Cr4.TSD },
  msr: { leaf: LEAF_1, register: "edx", bit: 5, by: "cpu/system/msr.ts" },
  pae: { leaf: LEAF_1, register: "edx", bit: 6, by: "mmu", cr4: Cr4.PAE },
  mce: { leaf: LEAF_1, register: "edx", bit: 7, by: "cpu/system/msr.ts", cr4: Cr4.MCE },
  cx8: { leaf: LEAF_1, register: "edx", bit: 8, by: "cpu/lift/data.ts" },
  apic: { leaf: LEAF_1, register: "edx", bit: 9, by: "devices/local-apic.ts", when: ({ apicEnabled }) => apicEnabled },
  sep: { leaf: LEAF_1, register: "edx", bit: 11, by: "cpu/interrupt/fast-calls.ts" },
  mtrr: { leaf: LEAF_1, register: "edx", bit: 12, by: "cpu/system/mtrr.ts" },
  pge: { leaf: LEAF_1, register: "edx", bit: 13, by: "mmu", cr4: Cr4.PGE },
  mca: { leaf: LEAF_1, register: "edx", bit: 14, by: "cpu/system/msr.ts" },
  cmov: { leaf: LEAF_1, register: "edx", bit: 15, by: "cpu/lift/data.ts" },
  pat: { leaf: LEAF_1, register: "edx", bit: 16, by: "cpu/system/msr.ts" },
  pse36: { leaf: LEAF_1, register: "edx", bit: 17, by: "mmu" },
  clfsh: { leaf: LEAF_1, register: "edx", bit: 19, by: "cpu/lift/cache.ts" },
  mmx: { leaf: LEAF_1, register: "edx", bit: 23, by: "cpu/lift/mmx.ts" },
  fxsr: { leaf: LEAF_1, register: "edx", bit: 24, by: "cpu/system/fxsave.ts", cr4: Cr4.OSFXSR | Cr4.OSXMMEXCPT },
  sse: { leaf: LEAF_1, register: "edx", bit: 25, by: "cpu/lift/sse" },
  sse2: { leaf: LEAF_1, register: "edx", bit: 26, by: "cpu/lift/sse" },
  htt: {
    leaf: LEAF_1,
    register: "edx",
    bit: 28,
    by: "cpu/system/cpuid.ts",
    when: ({ processors }) => processors > 1,
  },
  sse3: { leaf: LEAF_1, register: "ecx", bit: 0, by: "cpu/lift/sse" },
  pclmulqdq: { leaf: LEAF_1, register: "ecx", bit: 1, by: "cpu/lift/sse/cryptography.ts" },
  monitor: {
    leaf: LEAF_1,
    register: "ecx",
    bit: 3,
    by: "cpu/system/monitor.ts",
    when: ({ monitor }) => monitor,
  },
  vmx: { leaf: LEAF_1, register: "ecx", bit: 5, by: "vmx", cr4: Cr4.VMXE },
  ssse3: { leaf: LEAF_1, register: "ecx", bit: 9, by: "cpu/lift/sse" },
  cx16: { leaf: LEAF_1, register: "ecx", bit: 13, by: "cpu/lift/data.ts" },
  pcid: { leaf: LEAF_1, register: "ecx", bit: 17, by: "cpu/tlb.ts", cr4: Cr4.PCIDE },
  sse41: { leaf: LEAF_1, register: "ecx", bit: 19, by: "cpu/lift/sse" },
  sse42: { leaf: LEAF_1, register: "ecx", bit: 20, by: "cpu/lift/sse" },
  x2apic: { leaf: LEAF_1, register: "ecx", bit: 21, by: "devices/local-apic.ts", when: withApic },
  movbe: { leaf: LEAF_1, register: "ecx", bit: 22, by: "cpu/lift/data.ts" },
  popcnt: { leaf: LEAF_1, register: "ecx", bit: 23, by: "cpu/lift/bits.ts" },
  tscDeadline: { leaf: LEAF_1, register: "ecx", bit: 24, by: "devices/apic-timer.ts", when: withApic },
  aes: { leaf: LEAF_1, register: "ecx", bit: 25, by: "cpu/lift/sse/cryptography.ts" },
  xsave: { leaf: LEAF_1, register: "ecx", bit: 26, by: "cpu/system/xsave.ts", cr4: Cr4.OSXSAVE },
  osxsave: {
    leaf: LEAF_1,
    register: "ecx",
    bit: 27,
    by: "cpu/system/xsave.ts",
    when: ({ cr4 }) => (cr4 & Cr4.OSXSAVE) !== 0,
  },
  rdrand: { leaf: LEAF_1, register: "ecx", bit: 30, by: "cpu/system/random.ts" },
  /** The APIC timer always runs. */
  arat: { leaf: LEAF_6, register: "eax", bit: 2, by: "devices/apic-timer.ts", when: withApic },
  fsgsbase: { leaf: LEAF_7, register: "ebx", bit: 0, by: "cpu/system/segment-bases.ts", cr4: Cr4.FSGSBASE },
  tscAdjust: { leaf: LEAF_7, register: "ebx", bit: 1, by: "cpu/system/msr.ts" },
  bmi1: { leaf: LEAF_7, register: "ebx", bit: 3, by: "cpu/lift/bmi.ts" },
  smep: { leaf: LEAF_7, register: "ebx", bit: 7, by: "mmu", cr4: Cr4.SMEP },
  bmi2: { leaf: LEAF_7, register: "ebx", bit: 8, by: "cpu/lift/bmi.ts" },
  invpcid: { leaf: LEAF_7, register: "ebx", bit: 10, by: "cpu/system/cache-control.ts" },
  /** FNSTENV and FXSAVE store no selectors. */
  fpuSelectorsDeprecated: { leaf: LEAF_7, register: "ebx", bit: 13, by: "cpu/lift/x87.ts" },
  rdseed: { leaf: LEAF_7, register: "ebx", bit: 18, by: "cpu/system/random.ts" },
  adx: { leaf: LEAF_7, register: "ebx", bit: 19, by: "cpu/lift/bmi.ts" },
  smap: { leaf: LEAF_7, register: "ebx", bit: 20, by: "mmu", cr4: Cr4.SMAP },
  clflushopt: { leaf: LEAF_7, register: "ebx", bit: 23, by: "cpu/lift/cache.ts" },
  clwb: { leaf: LEAF_7, register: "ebx", bit: 24, by: "cpu/lift/cache.ts" },
  umip: { leaf: LEAF_7, register: "ecx", bit: 2, by: "cpu/system/descriptor-tables.ts", cr4: Cr4.UMIP },
  la57: { leaf: LEAF_7, register: "ecx", bit: 16, by: "mmu", cr4: Cr4.LA57 },
  archCapabilities: { leaf: LEAF_7, register: "edx", bit: 29, by: "cpu/system/msr.ts" },
  lahf: { leaf: EXTENDED, register: "ecx", bit: 0, by: "cpu/lift/data.ts" },
  lzcnt: { leaf: EXTENDED, register: "ecx", bit: 5, by: "cpu/lift/bits.ts" },
  prefetchw: { leaf: EXTENDED, register: "ecx", bit: 8, by: "cpu/lift/data.ts" },
  /** Intel's processors say so in 64-bit mode, where the instruction exists. */
  syscall: {
    leaf: EXTENDED,
    register: "edx",
    bit: 11,
    by: "cpu/interrupt/fast-calls.ts",
    when: ({ code64 }) => code64,
  },
  nx: { leaf: EXTENDED, register: "edx", bit: 20, by: "mmu" },
  page1G: { leaf: EXTENDED, register: "edx", bit: 26, by: "mmu" },
  rdtscp: { leaf: EXTENDED, register: "edx", bit: 27, by: "cpu/system/time.ts" },
  longMode: { leaf: EXTENDED, register: "edx", bit: 29, by: "cpu/translate" },
  /** The time-stamp counter counts instructions whatever happens. */
  invariantTsc: { leaf: POWER, register: "edx", bit: 8, by: "cpu/system/time.ts" },
} as const satisfies Record<string, Feature>;

const all: readonly Feature[] = Object.values(features);

/** CR4 bits that features bring, and PCE: RDPMC exists without performance counters, too. */
export const cr4OfFeatures: number = all.reduce((bits, { cr4 = 0 }) => bits | cr4, Cr4.PCE);

/** The feature bits of one register of a leaf. */
export function featureBits(leaf: number, register: Feature["register"], surroundings: CpuidSurroundings): number {
  return all
    .filter((feature) => feature.leaf === leaf && feature.register === register)
    .filter(({ when }) => when === undefined || when(surroundings))
    .reduce((bits, { bit }) => bits | (1 << bit), 0);
}
