import type { ModuleSet } from "../src/testing";

/** What a campaign is given. */
export interface Campaign {
  readonly modules: ModuleSet;
  readonly runtime: Uint8Array;
  /** Of the first case; the next one has the next seed. */
  readonly seed: number;
  /** How many cases. */
  readonly count: number;
  /** Is told of failures. */
  readonly log?: (line: string) => void;
}

/** What a campaign came to. */
export interface Totals {
  readonly runs: number;
  readonly instructions: number;
  /** How cases ended, and how often. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

/** What a case adds to them. */
export interface CaseOutcome {
  /** 1 when absent. */
  readonly runs?: number;
  readonly instructions: number;
  readonly kinds: readonly string[];
}

/** Nobody reads more of them. */
const MOST_FAILURES = 10;

/** Runs the cases of seeds `seed`, `seed` + 1 ...; what a case throws is a failure, and logged with its seed. */
export async function runCases(
  what: string,
  { seed, count, log }: Campaign,
  runCase: (seed: number) => Promise<CaseOutcome>,
): Promise<Totals> {
  const kinds = new Map<string, number>();
  const failures: string[] = [];
  let [runs, instructions] = [0, 0];
  for (let at = seed; at < seed + count && failures.length < MOST_FAILURES; at++) {
    try {
      const outcome = await runCase(at);
      for (const kind of outcome.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      instructions += outcome.instructions;
      runs += outcome.runs ?? 1;
    } catch (error) {
      const failure = `${what} seed ${at}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      failures.push(failure);
      log?.(failure);
    }
  }
  return { runs, instructions, kinds, failures };
}
