/** Code that has never run: how fast it is, how long it waits for the compiler, how much memory its translations take. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { workloads } from "./build.mjs";
import { measure } from "./measure.mjs";
import { bundle, places } from "./places.mjs";
import { straightCode } from "./straight-code.mjs";
import { median, spread } from "./table.mjs";

const INSTRUCTIONS = 100_000;
const TIMEOUT_SECONDS = 240;

/** Share of the usual work that is enough for all of a workload's code to be translated, hot code too. */
const STALL_SCALE = 0.3;

/** Goals of issue 3: speed of cold code against QEMU's, and milliseconds that code waits for the compiler. */
const LEAST_SPEED = 0.1;
const LONGEST_WAIT = 20;

/** Measures what the places that are usable allow. Gives { title, text, ...numbers } for each kind of result. */
export async function measureColdCode(usable, { folder, rounds, clock }) {
  const results = [];
  const names = usable.map(({ name }) => name).filter((name) => name === "qemu" || name === "lcd");
  if (names.length > 0) {
    results.push(await measureFirstRun(names, { folder, rounds, clock }));
  }
  if (names.includes("lcd")) {
    const program = await bundle("watch-compiler.mjs");
    results.push(await measureWaits(program, folder), await measureMemory(program, folder));
  }
  return results;
}

async function measureFirstRun(names, { folder, rounds, clock }) {
  const seconds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const module = join(folder, `straight-${round}.bin`);
    writeFileSync(module, straightCode(INSTRUCTIONS, round + 1));
    const checksums = new Set();
    for (const name of names) {
      process.stderr.write(`round ${round + 1}: cold ${name}\n`);
      const { command } = places.find((place) => place.name === name);
      const first = await measure(command(folder, "module", "1", [module]), TIMEOUT_SECONDS);
      const nothing = await measure(command(folder, "module", "0", [module]), TIMEOUT_SECONDS);
      seconds[name].push(first[clock] - nothing[clock]);
      checksums.add(first.checksum);
    }
    if (checksums.size > 1) {
      throw new Error(`the straight run gave different results: ${[...checksums].join(", ")}`);
    }
  }
  const times = names.map((name) => `${name} ${(median(seconds[name]) * 1000).toFixed(0)} ms`);
  const speeds = (seconds.qemu ?? []).map((value, round) => value / seconds.lcd?.[round]);
  const { low, high } = spread(speeds);
  const ratio = Number.isFinite(median(speeds))
    ? `; lcd at ${median(speeds).toFixed(3)} of QEMU's speed [${low.toFixed(3)}-${high.toFixed(3)}], goal >= ${LEAST_SPEED}`
    : "";
  const title = `first run of ${INSTRUCTIONS.toLocaleString("en")} instructions in a row`;
  return { title, text: `${times.join(", ")}${ratio}`, seconds, speed: median(speeds) };
}

async function measureWaits(program, folder) {
  const longest = [];
  for (const { name, amount } of workloads) {
    process.stderr.write(`compiler: ${name}\n`);
    const watched = await watch(program, folder, [name, String(Math.ceil(amount * STALL_SCALE))]);
    if (watched.finds > 0) {
      longest.push({ name, ...watched });
    }
  }
  process.stderr.write("compiler: code that never repeats\n");
  longest.push({ name: "new code", ...(await watch(program, folder, ["module", "10"])) });
  longest.sort((a, b) => b.longest - a.longest);
  const [{ name, longest: worst }] = longest;
  const warm = Math.max(...longest.map(({ afterFirst }) => afterFirst));
  const text = `${worst.toFixed(1)} ms (${name}); ${warm.toFixed(1)} ms after the first of each run; goal < ${LONGEST_WAIT}`;
  return { title: "longest wait for the compiler", text, longest };
}

async function measureMemory(program, folder) {
  process.stderr.write("memory: code that never repeats\n");
  const { rss, retired } = await watch(program, folder, ["module", "40"]);
  const [before, middle, end] = [rss[0], rss[rss.length >> 1], rss[rss.length - 1]];
  const grown = (value) => `${((value - before) / 2 ** 20).toFixed(0)} MB`;
  const most = Math.max(...rss);
  const text = `${grown(end)} at the end, ${grown(middle)} half-way, ${grown(most)} at most`;
  const title = `memory for ${(retired / 1e6).toFixed(1)} million instructions that never repeat`;
  return { title, text, rss };
}

async function watch(program, folder, args) {
  const command = [program, join(folder, "kernel64"), ...args, String(INSTRUCTIONS)];
  const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: TIMEOUT_SECONDS * 1000 });
  return JSON.parse(stdout);
}
