import { parentPort, workerData } from "node:worker_threads";
import { Random } from "../differential/random";
import { makeGuest } from "./guest";
import type { ModeName } from "./modes";
import type { Outcome } from "./outcome";
import { runGuest } from "./run-guest";

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
  ended: number;
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

/** What interpreted code is compared with. */
const others = ["cold", "hot", "mixed"] as const;

/** Instructions after which the other run is stopped, to go on at once. */
const sliceLengths = [1, 2, 7, 40, 300, 4000] as const;

/** Runs one guest interpreted, and as another tier, stopped again and again. @returns what went wrong, if anything */
export function tryGuest(mode: ModeName, seed: number, totals: Totals): Failure | null {
  const started = performance.now();
  try {
    const first = runGuest(makeGuest(mode, seed), "first", () => Number.POSITIVE_INFINITY);
    const tier = others[seed % others.length];
    const random = new Random(seed);
    const other = runGuest(makeGuest(mode, seed), tier, () => random.pick(sliceLengths));
    add(totals, first, seed, performance.now() - started);
    if (first.remapped || other.remapped) {
      return null;
    }
    totals.compared++;
    return first.state === other.state
      ? null
      : { seed, kind: "tiers differ", message: difference({ first: first.state, [tier]: other.state }) };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, kind: "internal error", message: message.split("\n").slice(0, 6).join("\n") };
  }
}

/** The fields in which two states differ. */
function difference(states: Record<string, string>): string {
  const [one, other] = Object.entries(states).map(([tier, text]) => ({ tier, fields: flatten(JSON.parse(text)) }));
  return Object.keys(one.fields)
    .filter((name) => one.fields[name] !== other.fields[name])
    .map((name) => `${name}: ${one.tier} ${one.fields[name]}, ${other.tier} ${other.fields[name]}`)
    .join("; ");
}

/** The leaves of a tree of objects and arrays, by their paths. */
function flatten(tree: object, path = ""): Record<string, string> {
  const leaves: Record<string, string> = {};
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === "object") {
      Object.assign(leaves, flatten(value, `${path}${name}.`));
    } else {
      leaves[path + name] = String(value);
    }
  }
  return leaves;
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
    ended: 0,
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
