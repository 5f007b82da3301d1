import { bombs, spoiltArchives } from "./compressed";
import { costs } from "./costs";
import { compiledModules, madeModules, realModules } from "./fixtures";
import { spoiltIndexes } from "./indexes";
import type { CampaignKind } from "./kind";
import { besideKmod, hasKmod } from "./kmod";
import { prefixesOf, spoiltModules } from "./modules";
import { spoiltTexts } from "./texts";

/** Where modules are. */
export interface Sources {
  /** The examples of liblcd. */
  readonly prebuilt: string;
  /** A real kernel's, or none. */
  readonly kernel: string | null;
}

/** Kinds of bad input, by their names on the command line; made from a real kernel's modules too where there are some. */
export const campaignKinds = {
  prefixes: ({ prebuilt }) => prefixesOf([...madeModules(), ...compiledModules(prebuilt)]),
  modules: (sources) => spoiltModules(everyModule(sources, 40)),
  indexes: () => spoiltIndexes(),
  texts: () => spoiltTexts(),
  compressed: (sources) => spoiltArchives(everyModule(sources, 5)),
  bombs: () => bombs(),
  costs: () => costs(),
  kmod: (sources) => (hasKmod() ? besideKmod(everyModule(sources, 40)) : NOTHING),
} satisfies Record<string, (sources: Sources) => CampaignKind | Promise<CampaignKind>>;

export type CampaignName = keyof typeof campaignKinds;

const NOTHING: CampaignKind = { cases: 0, seconds: 1, megabytes: 1, run: async () => undefined };

function everyModule({ prebuilt, kernel }: Sources, real: number): Uint8Array[] {
  return [...madeModules(), ...compiledModules(prebuilt), ...(kernel === null ? [] : realModules(kernel, real))];
}
