import { describe, expect, it } from "vitest";
import { prebuilt, prebuiltModules } from "../test/prebuilt";
import type { Totals } from "./cases";
import { guestCampaign } from "./guests";
import { lifeCampaign } from "./lives";
import { moduleCampaign, prefixCampaign } from "./modules";
import { pairCampaign } from "./pairs";
import { syscallCampaign } from "./syscalls";

const runtime = prebuilt("lcd-runtime");
const modules = prebuiltModules();

/** The same campaigns as `node run.mjs`, short. */
const campaigns: readonly (readonly [string, number, (seed: number, count: number) => Promise<Totals>])[] = [
  ["hostile code, on machines that must not differ", 25, (...args) => guestCampaign(modules, runtime, ...args)],
  ["spoilt modules", 60, (...args) => moduleCampaign(modules, runtime, ...args)],
  ["every prefix of a module", 1, () => prefixCampaign(modules, runtime, 1)],
  ["evil system calls", 8, (...args) => syscallCampaign(modules, runtime, ...args)],
  ["hostile code beside a domain that computes", 12, (...args) => pairCampaign(modules, runtime, ...args)],
  ["domains made, stopped and destroyed in any order", 25, (...args) => lifeCampaign(modules, runtime, ...args)],
];

describe("a campaign of", () => {
  it.each(campaigns)("%s finds nothing", async (_, count, campaign) => {
    const { failures, runs } = await campaign(42, count);
    expect(failures).toEqual([]);
    expect(runs).toBeGreaterThanOrEqual(count);
  });
});
