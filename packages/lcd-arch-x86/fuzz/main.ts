import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { countOf, UsageError } from "../differential/usage-error";
import { type ModeName, modeNames } from "./modes";
import { caseSeed, type Failure, type Message, noTotals, type Order, type Totals, tryGuest } from "./worker";

const usage = `Runs random bytes and hostile programs as code in every mode of the processor.

  node packages/lcd-arch-x86/fuzz/run.mjs [--seed 1] [--budget 60s] [--mode all]
  node packages/lcd-arch-x86/fuzz/run.mjs --mode 32 --case 1a2b3c4d        runs one case again

  --seed     the same seed makes the same cases
  --budget   for each mode: a number of cases, or of seconds with "s" behind it
  --mode     ${modeNames.join(", ")}, or all

Each case is a machine, or a computer with devices and up to 4 processors, whose memory, tables, registers and code come
from its seed. It runs interpreted, and compiled (as cold, as hot, or as code that becomes hot) in slices of random length,
and has to end in the same state. The exit code is 0 when no case made the host throw, hang, or disagree with itself.
`;

/** A case that has not ended after so many milliseconds never ends. */
const HANG = 60_000;
const LOOK_EVERY = 500;
const FOREVER = 0x7fff_ffff;
const SHOWN_FAILURES = 20;

/** What all cases of a mode came to. */
interface Report {
  readonly totals: Totals;
  readonly failures: readonly Failure[];
  readonly hangs: readonly number[];
  /** Bytes of memory of the process early in the run, and at its end. */
  readonly rss: readonly [number, number];
}

/** The command. @param worker path of the bundled worker @returns the exit code */
export async function main(argv: string[], worker: string): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      seed: { type: "string", default: "1" },
      budget: { type: "string", default: "60s" },
      mode: { type: "string", default: "all" },
      case: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const log = (line: string) => process.stdout.write(`${line}\n`);
  if (values.help) {
    log(usage);
    return 0;
  }
  const modes = values.mode === "all" ? modeNames : modeNames.filter((name) => name === values.mode);
  if (modes.length === 0) {
    throw new UsageError(`--mode is ${modeNames.join(", ")} or all, not "${values.mode}"`);
  }
  if (values.case !== undefined) {
    return runOne(modes[0], Number.parseInt(values.case, 16), log);
  }
  let wrong = 0;
  for (const mode of modes) {
    const report = await fuzz(mode, countOf("--seed", values.seed, 0), values.budget, worker, log);
    wrong += report.failures.length + report.hangs.length;
    show(mode, report, log);
  }
  return wrong === 0 ? 0 : 1;
}

function runOne(mode: ModeName, seed: number, log: (line: string) => void): number {
  const totals = noTotals();
  const failure = tryGuest(mode, seed, totals);
  log(failure ? `${failure.kind}: ${failure.message}` : "no failure");
  log(JSON.stringify(totals));
  return failure ? 1 : 0;
}

/** Runs cases in a worker, and puts another in its place when it does not go on. */
async function fuzz(
  mode: ModeName,
  seed: number,
  budget: string,
  worker: string,
  log: (line: string) => void,
): Promise<Report> {
  const seconds = budget.endsWith("s");
  const until = seconds ? Date.now() + countOf("--budget", budget.slice(0, -1)) * 1000 : Number.MAX_SAFE_INTEGER;
  const end = seconds ? FOREVER : countOf("--budget", budget);
  const report = {
    totals: noTotals(),
    failures: [] as Failure[],
    hangs: [] as number[],
    rss: [0, 0] as [number, number],
  };
  const receive = (message: Message): void => {
    if ("failure" in message) {
      report.failures.push(message.failure);
      if (report.failures.length <= SHOWN_FAILURES) {
        const { seed, kind, message: text } = message.failure;
        log(`${kind}, --mode ${mode} --case ${seed.toString(16)}\n  ${text}`);
      }
      return;
    }
    addTotals(report.totals, message.totals);
    report.rss[1] = message.rss;
    report.rss[0] ||= message.rss;
  };
  for (let first = 0; first < end && Date.now() < until; ) {
    const current = new SharedArrayBuffer(4);
    const order: Order = { mode, seed, first, end, until, current };
    const stuck = await runWorker(worker, order, receive);
    if (stuck === null) {
      break;
    }
    report.hangs.push(stuck);
    log(`no end, --mode ${mode} --case ${caseSeed(seed, stuck).toString(16)}`);
    first = stuck + 1;
  }
  return report;
}

/** @returns the number of a case that does not end; null when the worker has done what it was asked to */
function runWorker(path: string, order: Order, receive: (message: Message) => void): Promise<number | null> {
  const word = new Int32Array(order.current);
  let [last, since] = [-1, Date.now()];
  let stuck: number | null = null;
  return new Promise((resolve, reject) => {
    const worker = new Worker(path, { workerData: order });
    const watch = setInterval(() => {
      const current = Atomics.load(word, 0);
      if (current !== last) {
        [last, since] = [current, Date.now()];
      } else if (Date.now() - since > HANG) {
        stuck = current;
        void worker.terminate();
      }
    }, LOOK_EVERY);
    worker.on("message", receive);
    worker.on("error", (error) => {
      clearInterval(watch);
      reject(error);
    });
    worker.on("exit", () => {
      clearInterval(watch);
      resolve(stuck);
    });
  });
}

function addTotals(sum: Totals, part: Totals): void {
  for (const name of [
    "cases",
    "instructions",
    "events",
    "vmExits",
    "halted",
    "shutdown",
    "limit",
    "ended",
    "compared",
  ] as const) {
    sum[name] += part[name];
  }
  if (part.slowest > sum.slowest) {
    sum.slowest = part.slowest;
    sum.slowestSeed = part.slowestSeed;
  }
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

function show(mode: ModeName, { totals, failures, hangs, rss }: Report, log: (line: string) => void): void {
  const { cases, instructions, events, vmExits, halted, shutdown, limit, ended, compared, slowest, slowestSeed } =
    totals;
  const errors = failures.filter(({ kind }) => kind === "internal error").length;
  log(`${mode.padEnd(7)} ${cases} cases, ${instructions} instructions, ${events} exceptions and interrupts delivered`);
  log(
    `        ended: ${halted} halted, ${shutdown} shut down, ${limit} at their limit, ${ended} by a reset or a device; ${vmExits} VM exits`,
  );
  log(
    `        ${errors} internal errors, ${failures.length - errors} of ${compared} differ between tiers, ${hangs.length} without end`,
  );
  log(
    `        slowest ${slowest.toFixed(0)} ms (${slowestSeed.toString(16)}); memory ${mib(rss[0])}, at the end ${mib(rss[1])}`,
  );
}
