import { describe, expect, it } from "vitest";
import { prebuilt, prebuiltModules } from "../test/prebuilt";
import type { Campaign, Totals } from "./cases";
import { guestCampaign } from "./guests";
import { lifeCampaign } from "./lives";
import { moduleCampaign, prefixCampaign } from "./modules";
import { pairCampaign } from "./pairs";
import { syscallCampaign } from "./syscalls";

const runtime = prebuilt("lcd-runtime");
const modules = prebuiltModules();

/** The same campaigns as `node run.mjs`, short. */
const campaigns: readonly (readonly [string, number, (campaign: Campaign) => Promise<Totals>])[] = [
  ["hostile code, on machines that must not differ", 25, guestCampaign],
  ["spoilt modules", 60, moduleCampaign],
  ["every prefix of a module", 1, () => prefixCampaign(modules, runtime, 1)],
  ["evil system calls", 8, syscallCampaign],
  ["hostile code beside a domain that computes", 12, pairCampaign],
  ["domains made, stopped and destroyed in any order", 25, lifeCampaign],
];

describe("a campaign of", () => {
  it.each(campaigns)("%s finds nothing", async (_, count, run) => {
    const { failures, runs } = await run({ modules, runtime, seed: 42, count });
    expect(failures).toEqual([]);
    expect(runs).toBeGreaterThanOrEqual(count);
  });
});
