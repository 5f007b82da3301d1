import type { CodeContext } from "./translate/code-context";
import {
  type CodeSource,
  type DecodedRegion,
  discover,
  type Experience,
  MAX_BLOCK,
  NO_EXPERIENCE,
  type Scope,
} from "./translate/discover";
import { Tier } from "./translation";

/** How far a translation of each tier goes, and how many regions are translated along with it. */
const scopes: readonly (Scope & { alongside: number })[] = [
  { instructions: 1, accesses: 1, block: 1, pages: 1, alongside: 0 },
  { instructions: 1, accesses: 1, block: MAX_BLOCK, pages: 1, alongside: 0 },
  { instructions: 40, accesses: 40, block: MAX_BLOCK, pages: 1, alongside: 1 },
  { instructions: 500, accesses: 200, block: MAX_BLOCK, pages: 6, alongside: 0 },
];

/** What is known of code before it is translated. */
export interface Known {
  /** Whether a block that starts at an address has been translated, at least of the tier. */
  isKnown(rip: bigint, tier: Tier): boolean;
  /** Where the indirect jump or call at an instruction pointer has gone, most often first. */
  targets: Experience["targets"];
}

/**
 * The code that a translation of the tier is to hold: the region at `rip`, and others that are worth translating along
 * with it. None when the code there cannot be fetched.
 */
export function regionsFrom(
  source: CodeSource,
  context: CodeContext,
  rip: bigint,
  tier: Tier,
  known: Known,
): DecodedRegion[] {
  const regions: DecodedRegion[] = [];
  const { alongside, ...scope } = scopes[tier];
  const queue = [rip];
  const experience = experienceOf(tier, known);
  for (let at = 0; at < queue.length && regions.length <= alongside; at++) {
    if (at > 0 && (known.isKnown(queue[at], Tier.cold) || queue.indexOf(queue[at]) < at)) {
      continue;
    }
    const region = discover(source, context, queue[at], scope, experience);
    if (region !== null) {
      regions.push(region);
      queue.push(...region.continuations);
    } else if (at === 0) {
      break;
    }
  }
  return regions;
}

function experienceOf(tier: Tier, { isKnown, targets }: Known): Experience {
  switch (tier) {
    case Tier.hot:
      // Hot code takes in the functions that it calls and that have run before.
      return { ...NO_EXPERIENCE, follows: (target) => isKnown(target, Tier.first), targets };
    case Tier.cold:
      return { ...NO_EXPERIENCE, isEntry: (target) => isKnown(target, Tier.cold) };
    default:
      return NO_EXPERIENCE;
  }
}
