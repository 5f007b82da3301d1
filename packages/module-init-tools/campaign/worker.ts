/** Runs cases in a thread of its own, so that one that never ends can be ended. */
import { parentPort, workerData } from "node:worker_threads";
import { SeededRandom } from "../../lcd-domains/src/host/random";
import { type CampaignName, campaignKinds, type Sources } from "./kinds";

/** What a thread is asked to run. */
export interface WorkerTask {
  readonly kind: CampaignName;
  readonly seed: number;
  /** The first case. */
  readonly from: number;
  /** Milliseconds after which no more is begun. */
  readonly budget: number;
  readonly sources: Sources;
}

/** What it tells: the limits first, then each case as it begins, and the end. */
export type WorkerMessage =
  | { readonly type: "ready"; readonly seconds: number; readonly megabytes: number; readonly cases: number | null }
  | { readonly type: "case"; readonly at: number }
  | { readonly type: "failure"; readonly at: number; readonly message: string }
  | { readonly type: "end"; readonly outcomes: Readonly<Record<string, number>> };

if (parentPort !== null) {
  const port = parentPort;
  await runCases(workerData as WorkerTask, (message) => port.postMessage(message));
}

async function runCases(task: WorkerTask, tell: (message: WorkerMessage) => void): Promise<void> {
  const kind = await campaignKinds[task.kind](task.sources);
  const { seconds, megabytes, cases = null } = kind;
  tell({ type: "ready", seconds, megabytes, cases });
  const outcomes: Record<string, number> = {};
  const end = performance.now() + task.budget;
  for (let at = task.from; performance.now() < end && at < (cases ?? Number.POSITIVE_INFINITY); at++) {
    tell({ type: "case", at });
    const timed = async (outcome: (what: string) => void): Promise<number> => {
      const before = process.cpuUsage();
      await kind.run(at, new SeededRandom(Math.imul(task.seed, 1_000_003) + at), outcome);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    };
    try {
      let spent = await timed((what) => {
        outcomes[what] = (outcomes[what] ?? 0) + 1;
      });
      // The garbage of earlier cases and V8's compiler are counted too: the second time tells.
      if (spent > seconds) spent = Math.min(spent, await timed(() => undefined));
      if (spent > seconds) throw new Error(`took ${spent.toFixed(1)} s of processor time, not ${seconds}`);
    } catch (error) {
      tell({ type: "failure", at, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  kind.close?.();
  tell({ type: "end", outcomes });
}
