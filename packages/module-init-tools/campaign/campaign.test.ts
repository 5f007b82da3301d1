import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../lcd-domains/src/host/random";
import { campaignKinds } from "./kinds";

const sources = { prebuilt: join(import.meta.dirname, "../../liblcd/prebuilt"), kernel: null };

/** The same as `node run.mjs`, short, and without what needs other programs. */
describe("bad input: a few cases of each kind find nothing", { timeout: 60_000 }, () => {
  it.each([
    ["prefixes", 40, 997],
    ["modules", 60, 1],
    ["indexes", 60, 1],
    ["texts", 60, 1],
  ] as const)("%s", async (name, count, step) => {
    const kind = await campaignKinds[name](sources);
    const outcomes = new Set<string>();
    for (let i = 0; i < count; i++) {
      await kind.run(i * step, new SeededRandom(42 + i), (what) => outcomes.add(what));
    }
    // Some were too bad, and some were not.
    expect(outcomes).toContain("modinfo 1");
    expect(outcomes).toContain("modprobe 0");
  });
});
