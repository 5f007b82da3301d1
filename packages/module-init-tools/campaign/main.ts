import { Worker } from "node:worker_threads";
import { type CampaignName, campaignKinds, type Sources } from "./kinds";
import type { WorkerMessage, WorkerTask } from "./worker";

const USAGE = `usage: node run.mjs [--seed <n>] [--budget <seconds>] [--kernel <root>] [--case <n>] [kind ...]

Gives bad input to the module tools. Kinds: ${Object.keys(campaignKinds).join(", ")}; all of them without one.
--budget is for all kinds together; --kernel has lib/modules in it; --case begins with that one, as a failure names it.`;

/** A case that does nothing for this long has hung; computers may be busy. */
const HANGS_AFTER = 60_000;
const MOST_FAILURES = 10;
const MIB = 2 ** 20;

interface Options {
  seed: number;
  budget: number;
  from: number;
  sources: Sources;
}

/** Runs campaigns, and prints what they came to. @returns the exit code */
export async function main(argv: readonly string[], worker: URL, prebuilt: string): Promise<number> {
  const options: Options = { seed: 1, budget: 60, from: 0, sources: { prebuilt, kernel: null } };
  const kinds: CampaignName[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--seed") options.seed = Number(words.shift());
    else if (word === "--budget") options.budget = Number.parseFloat(words.shift() ?? "");
    else if (word === "--case") options.from = Number(words.shift());
    else if (word === "--kernel") options.sources = { prebuilt, kernel: words.shift() ?? null };
    else if (Object.hasOwn(campaignKinds, word)) kinds.push(word as CampaignName);
    else {
      console.log(USAGE);
      return word === "--help" ? 0 : 2;
    }
  }
  if (![options.seed, options.from].every(Number.isSafeInteger) || !(options.budget > 0)) {
    console.log(USAGE);
    return 2;
  }
  if (kinds.length === 0) kinds.push(...(Object.keys(campaignKinds) as CampaignName[]));
  let failures = 0;
  for (const kind of kinds)
    failures += await runKind(kind, { ...options, budget: options.budget / kinds.length }, worker);
  return failures === 0 ? 0 : 1;
}

async function runKind(kind: CampaignName, { seed, from, budget, sources }: Options, worker: URL): Promise<number> {
  const outcomes: Record<string, number> = {};
  const start = performance.now();
  let [cases, failures, peak] = [0, 0, 0];
  for (let next: number | null = from; next !== null && failures < MOST_FAILURES; ) {
    const left = budget * 1000 - (performance.now() - start);
    const run = await watch({ kind, seed, from: next, budget: left, sources }, worker, (at, message) => {
      failures++;
      console.log(`${kind}: seed ${seed} case ${at}: ${message}`);
    });
    for (const [what, times] of Object.entries(run.outcomes)) outcomes[what] = (outcomes[what] ?? 0) + times;
    cases += run.cases;
    peak = Math.max(peak, run.peak);
    next = run.next;
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${kind}: ${cases} cases, ${failures} failures, ${seconds} s, at most ${Math.round(peak)} MiB more`);
  const counted = Object.entries(outcomes).sort(([a], [b]) => (a < b ? -1 : 1));
  console.log(`  ${counted.map(([what, times]) => `${what}: ${times}`).join(", ")}`);
  return failures;
}

interface Run {
  readonly cases: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** MiB, above what there was before. */
  readonly peak: number;
  /** Where to go on after a case that had to be ended; null when all is done. */
  readonly next: number | null;
}

/** Runs a thread, and ends it when a case takes too long or too much memory. */
function watch(task: WorkerTask, file: URL, fail: (at: number, message: string) => void): Promise<Run> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: task });
    let [cases, at, begun, peak] = [0, task.from, performance.now(), 0];
    let limit = Number.POSITIVE_INFINITY;
    let baseline = process.memoryUsage.rss();
    const timer = setInterval(() => {
      peak = Math.max(peak, (process.memoryUsage.rss() - baseline) / MIB);
      if (peak > limit) giveUp(`takes more than ${limit} MiB`);
      else if (performance.now() - begun > HANGS_AFTER) giveUp("does not end");
    }, 20);
    const finish = (run: Pick<Run, "outcomes" | "next">): void => {
      clearInterval(timer);
      void worker.terminate();
      resolve({ cases, peak, ...run });
    };
    const giveUp = (why: string): void => {
      fail(at, why);
      finish({ outcomes: {}, next: at + 1 });
    };
    worker.on("error", (error) => giveUp(error.stack ?? error.message));
    worker.on("messageerror", reject);
    worker.on("message", (message: WorkerMessage) => {
      begun = performance.now();
      if (message.type === "ready") {
        limit = message.megabytes;
        baseline = process.memoryUsage.rss();
      } else if (message.type === "case") {
        cases++;
        at = message.at;
      } else if (message.type === "failure") fail(message.at, message.message);
      else finish({ outcomes: message.outcomes, next: null });
    });
  });
}
