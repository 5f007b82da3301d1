/** When code is hot that never is. */
const NEVER = 1_000_000_000;

/**
 * How code runs, as options of a machine: interpreted, as it is the first times; compiled in small regions; compiled as
 * code that runs often; or all of them by turns, changing early.
 */
export const tiers = {
  first: { coldThreshold: NEVER, hotThreshold: NEVER },
  cold: { coldThreshold: 0, hotThreshold: NEVER },
  hot: { hotThreshold: 0 },
  mixed: { sampleInterval: 100, coldThreshold: 2, hotThreshold: 1 },
} as const;
export type TierName = keyof typeof tiers;
