import { memoryFiles } from "../src";
import { configurationCosts } from "./costs/configuration";
import { graphCosts } from "./costs/graphs";
import { imageCosts } from "./costs/images";
import { indexCosts } from "./costs/indexes";
import type { CampaignKind } from "./kind";
import { BUILD, runTools } from "./tools";

/** Files that would cost much more than their size if a tool did something for each part of them with each other one. */
export interface Cost {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /** What is run with them. */
  readonly commands: readonly string[];
}

/** Ways to be costly, by name, with files of about so many bytes. */
export type Costs = Readonly<Record<string, (size: number) => Cost>>;

const COSTS: Costs = { ...configurationCosts, ...indexCosts, ...imageCosts, ...graphCosts };

/** Bytes of the files of a case: what grows with the square of them takes minutes. */
const SIZE = 500_000;

/** Small files that were thought out to take long, or gigabytes. */
export function costs(): CampaignKind {
  const names = Object.keys(COSTS);
  return {
    cases: names.length,
    seconds: 2,
    megabytes: 500,
    async run(at, random, outcome) {
      const name = names[at] ?? "";
      const cost = COSTS[name]?.(SIZE - random.below(SIZE / 10));
      if (cost === undefined) throw new Error(`there is no case ${at}`);
      await runTools(cost.commands, memoryFiles({ ...BUILD, ...cost.files }), (what) => outcome(`${name}: ${what}`));
    },
  };
}
