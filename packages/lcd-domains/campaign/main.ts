import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModuleSet } from "../src/testing";
import type { Totals } from "./cases";
import { endlessCampaign } from "./endless";
import { guestCampaign } from "./guests";
import { lifeCampaign } from "./lives";
import { moduleCampaign, prefixCampaign } from "./modules";
import { pairCampaign } from "./pairs";
import { syscallCampaign } from "./syscalls";

const usage = `usage: node run.mjs [--seed <n>] [--count <n>] [guests] [modules] [prefixes] [syscalls] [pairs] [lives] [endless]`;

/** Runs campaigns, and prints what they came to. @returns the exit code */
export async function main(argv: readonly string[], folder: string): Promise<number> {
  const options = { seed: 1, count: 200 };
  const names: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--seed") options.seed = Number(argv[++i]);
    else if (argv[i] === "--count") options.count = Number(argv[++i]);
    else names.push(argv[i]);
  }
  const modules = prebuiltModules(folder);
  const runtime = readFileSync(join(folder, "lcd-runtime.ko"));
  const { seed, count } = options;
  const campaign = { modules, runtime, seed, count, log: console.log };
  const campaigns: Record<string, () => Promise<Totals>> = {
    guests: () => guestCampaign(campaign),
    modules: () => moduleCampaign({ ...campaign, count: count * 3 }),
    prefixes: () => prefixCampaign(modules, runtime, Math.max(1, Math.round(200 / count))),
    syscalls: () => syscallCampaign(campaign),
    pairs: () => pairCampaign(campaign),
    lives: () => lifeCampaign(campaign),
    endless: () => endlessCampaign(modules, runtime, Math.ceil(count / 20), console.log),
  };
  const known = names.every((name) => Object.hasOwn(campaigns, name));
  if (!known || !Number.isSafeInteger(seed) || !(count > 0)) {
    console.log(usage);
    return names.includes("--help") ? 0 : 2;
  }
  let failed = 0;
  for (const [name, run] of Object.entries(campaigns)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const start = performance.now();
    const { runs, instructions, kinds, failures } = await run();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const memory = Math.round(process.memoryUsage().rss / 1048576);
    console.log(
      `${name}: ${runs} runs, ${instructions} instructions, ${failures.length} failures, ${seconds} s, ${memory} MiB`,
    );
    console.log(`  ${[...kinds].map(([kind, times]) => `${kind} ${times}`).join(", ")}`);
    failed += failures.length;
  }
  return failed === 0 ? 0 : 1;
}

function prebuiltModules(folder: string): ModuleSet {
  const images = new Map<string, Uint8Array>();
  for (const part of [folder, join(folder, "test-modules")]) {
    for (const file of readdirSync(part)) {
      if (file.endsWith(".ko")) images.set(file.slice(0, -3), new Uint8Array(readFileSync(join(part, file))));
    }
  }
  return {
    image: (name) => images.get(name.replaceAll("_", "-")),
    needs: (name) => (name === "asker" ? ["answer"] : []),
  };
}
