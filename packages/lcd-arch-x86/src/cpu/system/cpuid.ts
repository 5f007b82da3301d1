import { MAXPHYADDR } from "../../mmu/control-bits";
import { MAX_LINEAR_BITS } from "../../mmu/index";
import { cacheLeaf, L2, LINE_SIZE } from "./cache-leaf";
import { type CpuidSurroundings, featureBits } from "./features";
import { XSAVE_COMPONENTS, XSAVE_SIZE } from "./xsave-area";

/** The four registers that CPUID fills. */
export interface CpuidResult {
  eax: number;
  ebx: number;
  ecx: number;
  edx: number;
}

/** A leaf: what it gives for a subleaf. */
type Leaf = (surroundings: CpuidSurroundings, subleaf: number) => Partial<CpuidResult>;

const HIGHEST_LEAF = 0x15;
const HIGHEST_EXTENDED = 0x80000008;

/** Family 6, model 15: 64-bit processors with VT-x are told by their feature bits, not by this. */
const SIGNATURE = 0x6f0;

/** Instructions in a second: the time-stamp counter and the APIC timer count them. */
const CRYSTAL_HZ = 1_000_000_000;

const BRAND = "LCD emulated x86-64 processor";

const text = (value: string, at: number): number =>
  [0, 1, 2, 3].reduce((word, byte) => word | ((value.charCodeAt(at + byte) || 0) << (byte * 8)), 0);

/** Bits that number this many processors. */
const bitsFor = (processors: number): number => Math.ceil(Math.log2(processors));

/** CLFLUSH's line size, in units of 8 bytes, at bits 15:8. */
const LINE_UNITS = (LINE_SIZE / 8) << 8;

const basic: Leaf = (surroundings) => ({
  eax: SIGNATURE,
  ebx: (surroundings.index << 24) | ((1 << bitsFor(surroundings.processors)) << 16) | LINE_UNITS,
  ecx: featureBits(1, "ecx", surroundings),
  edx: featureBits(1, "edx", surroundings),
});

/** One descriptor: leaf 4 tells of the caches. */
const cacheDescriptors: Leaf = () => ({ eax: 0x0000ff01 });

/** MONITOR watches a cache line, and there are no extensions. */
const monitorLines: Leaf = ({ monitor }) => (monitor ? { eax: LINE_SIZE, ebx: LINE_SIZE } : {});

const extendedFeatures: Leaf = (surroundings, subleaf) =>
  subleaf !== 0
    ? {}
    : {
        ebx: featureBits(7, "ebx", surroundings),
        ecx: featureBits(7, "ecx", surroundings),
        edx: featureBits(7, "edx", surroundings),
      };

/** Levels of the topology: each core has one thread. */
const Level = { thread: 1, core: 2 } as const;

const topology: Leaf = ({ index, processors, apic }, subleaf) => {
  if (!apic) {
    return {};
  }
  const named = { ecx: subleaf & 0xff, edx: index };
  switch (subleaf) {
    case 0:
      return { ...named, eax: 0, ebx: 1, ecx: subleaf | (Level.thread << 8) };
    case 1:
      return { ...named, eax: bitsFor(processors), ebx: processors, ecx: subleaf | (Level.core << 8) };
    default:
      return named;
  }
};

/** Components of fixed places, and the bytes that all of them need, now and at most. */
const extendedState: Leaf = (_surroundings, subleaf) =>
  subleaf === 0 ? { eax: XSAVE_COMPONENTS, ebx: XSAVE_SIZE, ecx: XSAVE_SIZE } : {};

const brand =
  (part: number): Leaf =>
  () => ({
    eax: text(BRAND, part * 16),
    ebx: text(BRAND, part * 16 + 4),
    ecx: text(BRAND, part * 16 + 8),
    edx: text(BRAND, part * 16 + 12),
  });

const leaves: ReadonlyMap<number, Leaf> = new Map<number, Leaf>([
  [0, () => ({ eax: HIGHEST_LEAF, ebx: text("Genu", 0), edx: text("ineI", 0), ecx: text("ntel", 0) })],
  [1, basic],
  [2, cacheDescriptors],
  [4, cacheLeaf],
  [5, monitorLines],
  [6, (surroundings) => ({ eax: featureBits(6, "eax", surroundings) })],
  [7, extendedFeatures],
  [0xb, topology],
  [0xd, extendedState],
  [0x15, () => ({ eax: 1, ebx: 1, ecx: CRYSTAL_HZ })],
  [0x80000000, () => ({ eax: HIGHEST_EXTENDED })],
  [
    0x80000001,
    (surroundings) => ({
      ecx: featureBits(0x80000001, "ecx", surroundings),
      edx: featureBits(0x80000001, "edx", surroundings),
    }),
  ],
  ...[0, 1, 2].map((part) => [0x80000002 + part, brand(part)] as const),
  [0x80000006, () => ({ ecx: ((L2.size / 1024) << 16) | (L2.associativityCode << 12) | LINE_SIZE })],
  [0x80000007, (surroundings) => ({ edx: featureBits(0x80000007, "edx", surroundings) })],
  [0x80000008, () => ({ eax: MAXPHYADDR | (MAX_LINEAR_BITS << 8) })],
]);

/** A processor alone in its machine, in 64-bit mode, with nothing enabled. */
const ALONE: CpuidSurroundings = {
  index: 0,
  processors: 1,
  apic: false,
  apicEnabled: false,
  cr4: 0,
  monitor: true,
  code64: true,
};

/**
 * What CPUID reports (SDM 2A, "CPUID"): exactly what is implemented. A leaf above the highest gives what the highest basic
 * leaf does, other leaves that do not exist give zeros.
 */
export function cpuid(leaf: number, subleaf: number, surroundings: CpuidSurroundings = ALONE): CpuidResult {
  const number = leaf >>> 0;
  const highest = number >= 0x80000000 ? HIGHEST_EXTENDED : HIGHEST_LEAF;
  const result = leaves.get(number > highest ? HIGHEST_LEAF : number)?.(surroundings, subleaf >>> 0);
  return { eax: 0, ebx: 0, ecx: 0, edx: 0, ...result };
}
