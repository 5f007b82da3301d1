import type { CpuidSurroundings } from "./features";

/** Bytes of a cache line. */
export const LINE_SIZE = 64;

const KIB = 1024;

/** Cache types of CPUID leaf 4. */
const CacheType = { data: 1, instruction: 2, unified: 3 } as const;

interface Cache {
  type: number;
  level: number;
  size: number;
  ways: number;
  /** Of all processors together, not of each. */
  shared: boolean;
}

/**
 * Caches as software may believe in them, though this processor has none: each is a size that programs which fit their
 * work to it can live with.
 */
const caches: readonly Cache[] = [
  { type: CacheType.data, level: 1, size: 32 * KIB, ways: 8, shared: false },
  { type: CacheType.instruction, level: 1, size: 32 * KIB, ways: 8, shared: false },
  { type: CacheType.unified, level: 2, size: 1024 * KIB, ways: 16, shared: false },
  { type: CacheType.unified, level: 3, size: 16 * 1024 * KIB, ways: 16, shared: true },
];

/** The second-level cache as leaf 80000006H tells it; 8 stands for 16 ways. */
export const L2 = { size: 1024 * KIB, associativityCode: 8 } as const;

const SELF_INITIALIZING = 1 << 8;

/** CPUID leaf 4, "Deterministic Cache Parameters": a subleaf for each cache, then one of type 0. */
export function cacheLeaf({ processors }: CpuidSurroundings, subleaf: number) {
  const cache = caches[subleaf];
  if (cache === undefined) {
    return {};
  }
  const { type, level, size, ways, shared } = cache;
  const numbers = 1 << Math.ceil(Math.log2(processors));
  return {
    eax: type | (level << 5) | SELF_INITIALIZING | ((shared ? numbers - 1 : 0) << 14) | ((numbers - 1) << 26),
    ebx: (LINE_SIZE - 1) | ((ways - 1) << 22),
    ecx: size / (LINE_SIZE * ways) - 1,
  };
}
