import { parentPort, workerData } from "node:worker_threads";
import { makeGuest } from "./guest";
import type { ModeName } from "./modes";
import { type Outcome, runGuest } from "./run-guest";

/** What a worker is asked to do. */
export interface Order {
  readonly mode: ModeName;
  readonly seed: number;
  /** Number of the first case, and of the one behind the last. */
  readonly first: number;
  readonly end: number;
  /** Time in milliseconds since 1970 when to stop. */
  readonly until: number;
  /** A 32-bit word that holds the number of the case that is running. */
  readonly current: SharedArrayBuffer;
}

/** Sums over cases. */
export interface Totals {
  cases: number;
  instructions: number;
  events: number;
  vmExits: number;
  halted: number;
  shutdown: number;
  limit: number;
  /** Those that had to be the same at both tiers. */
  compared: number;
  /** Milliseconds that the longest case took, and its seed. */
  slowest: number;
  slowestSeed: number;
}

/** An error of the host, or a guest that two tiers of translation disagree about. */
export interface Failure {
  readonly seed: number;
  readonly kind: "internal error" | "tiers differ";
  readonly message: string;
}

export type Message = { readonly totals: Totals; readonly rss: number } | { readonly failure: Failure };

/** Seed of a case: any two cases of a run have different ones. */
export function caseSeed(seed: number, number: number): number {
  return (Math.imul(seed, 0x9e37_79b1) + Math.imul(number, 0x85eb_ca6b)) >>> 0;
}

const REPORT_EVERY = 50;

/** Runs one guest at both tiers. @returns what went wrong, if anything */
export function tryGuest(mode: ModeName, seed: number, totals: Totals): Failure | null {
  const started = performance.now();
  try {
    const cold = runGuest(makeGuest(mode, seed), "cold");
    add(totals, cold, seed, performance.now() - started);
    const hot = runGuest(makeGuest(mode, seed), "hot");
    if (cold.remapped || hot.remapped) {
      return null;
    }
    totals.compared++;
    return cold.state === hot.state ? null : { seed, kind: "tiers differ", message: difference(cold.state, hot.state) };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, kind: "internal error", message: message.split("\n").slice(0, 6).join("\n") };
  }
}

/** The fields in which two states differ. */
function difference(cold: string, hot: string): string {
  const [one, other] = [JSON.parse(cold), JSON.parse(hot)] as Record<string, unknown>[];
  return Object.keys(one)
    .filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))
    .map((name) => `${name}: cold ${JSON.stringify(one[name])}, hot ${JSON.stringify(other[name])}`)
    .join("; ");
}

function add(totals: Totals, { end, instructions, events, vmExits }: Outcome, seed: number, took: number): void {
  totals.cases++;
  totals.instructions += instructions;
  totals.events += events;
  totals.vmExits += vmExits;
  totals[end]++;
  if (took > totals.slowest) {
    totals.slowest = took;
    totals.slowestSeed = seed;
  }
}

export function noTotals(): Totals {
  return {
    cases: 0,
    instructions: 0,
    events: 0,
    vmExits: 0,
    halted: 0,
    shutdown: 0,
    limit: 0,
    compared: 0,
    slowest: 0,
    slowestSeed: 0,
  };
}

function work({ mode, seed, first, end, until, current }: Order, send: (message: Message) => void): void {
  const word = new Int32Array(current);
  let totals = noTotals();
  for (let number = first; number < end && Date.now() < until; number++) {
    Atomics.store(word, 0, number);
    const failure = tryGuest(mode, caseSeed(seed, number), totals);
    if (failure) {
      send({ failure });
    }
    if (number % REPORT_EVERY === 0) {
      send({ totals, rss: process.memoryUsage().rss });
      totals = noTotals();
    }
  }
  send({ totals, rss: process.memoryUsage().rss });
}

if (parentPort) {
  const port = parentPort;
  work(workerData as Order, (message) => port.postMessage(message));
}
