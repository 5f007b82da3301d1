#!/usr/bin/env node
// Runs every workload natively, in QEMU, in v86 and here, checks that all agree, and compares the times.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runScript, SetupError } from "../scripts/setup.mjs";
import { workloads } from "./build.mjs";
import { measureColdCode } from "./cold-code.mjs";
import { measure } from "./measure.mjs";
import { places } from "./places.mjs";
import { report } from "./report.mjs";

const COLD = "cold";
const known = [...workloads.map(({ name }) => name), COLD];
const usual = places.filter(({ name }) => name !== "domain").map(({ name }) => name);

const usage = `node bench/run.mjs [--only sha256,cold] [--places native,lcd] [--rounds 3] [--scale 1] [--clock cpu] [--json]

  --only    some of: ${known.join(", ")}
  --places  some of: ${places.map(({ name }) => name).join(", ")}; usually ${usual.join(", ")}
  --rounds  how often everything runs, in turns; medians count
  --scale   times the usual amount of work
  --clock   wall: the time from start to end; cpu: processor time of the process, for a machine that is busy
  --json    the numbers as JSON

"cold" measures code that has never run: how fast it is, how long it waits for the compiler, how much memory it takes.
`;

const TIMEOUT_SECONDS = 240;

await runScript(main);

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: known.join(",") },
      places: { type: "string", default: usual.join(",") },
      rounds: { type: "string", default: "3" },
      scale: { type: "string", default: "1" },
      clock: { type: "string", default: "wall" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const only = chosen(values.only, known, "workload");
  const names = chosen(
    values.places,
    places.map(({ name }) => name),
    "place",
  );
  const [clock] = chosen(values.clock, ["wall", "cpu"], "clock");
  const rounds = positive(values.rounds, "--rounds");
  const scale = positive(values.scale, "--scale");
  const folder = mkdtempSync(join(tmpdir(), "lcd-bench-"));
  try {
    const usable = [];
    for (const place of places) {
      if (names.includes(place.name) && (await ready(place, folder))) {
        usable.push(place);
      }
    }
    if (usable.length === 0) throw new SetupError("there is nothing to measure");
    const results = await runRounds(only, usable, { folder, rounds, scale, clock });
    const cold = only.includes(COLD) ? await measureColdCode(usable, { folder, rounds, clock }) : null;
    report({ results, cold, usable, rounds, clock, json: values.json });
    return results.every(({ checksums }) => new Set(Object.values(checksums)).size <= 1) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosen(list, from, what) {
  const words = list.split(",");
  const unknown = words.find((word) => !from.includes(word));
  if (unknown !== undefined) {
    throw new SetupError(`no ${what} "${unknown}"; there are ${from.join(", ")}`);
  }
  return words;
}

function positive(text, option) {
  const value = Number(text);
  if (!(value > 0)) {
    throw new SetupError(`${option} takes a number above 0, not "${text}"`);
  }
  return value;
}

async function ready(place, folder) {
  const missing = place.missing();
  if (missing) {
    process.stderr.write(`${place.name} is left out: ${missing}\n`);
    return false;
  }
  await place.build(folder);
  return true;
}

/**
 * Every workload in every place, round by round: what disturbs the machine for a while then disturbs all of them.
 * Gives for each workload and place the seconds of each round.
 */
async function runRounds(only, usable, { folder, rounds, scale, clock }) {
  const results = workloads
    .filter(({ name }) => only.includes(name))
    .map((workload) => ({
      ...workload,
      amount: Math.max(1, Math.round(workload.amount * scale)),
      seconds: Object.fromEntries(usable.map(({ name }) => [name, new Array(rounds).fill(Number.NaN)])),
      checksums: {},
      leftOut: {},
    }));
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      for (const place of usable) {
        process.stderr.write(`round ${round + 1}: ${result.name} ${place.name}\n`);
        await runOnce(result, place, { folder, clock, round });
      }
    }
  }
  return results;
}

/**
 * What a place prepares for a workload, which amount 0 does too, is not counted. A round stays NaN when it fails, or
 * when amount 0 took longer: then this machine is too busy to measure.
 */
async function runOnce(result, place, { folder, clock, round }) {
  const { name } = place;
  const reason = result.leftOut[name] ?? place.leavesOut?.(result);
  if (reason) {
    result.leftOut[name] = reason;
    return;
  }
  try {
    const all = await measure(place.command(folder, result.name, String(result.amount)), TIMEOUT_SECONDS);
    if (all.leftOut) {
      result.leftOut[name] = all.leftOut;
      return;
    }
    const nothing = await measure(place.command(folder, result.name, "0"), TIMEOUT_SECONDS);
    if ((result.checksums[name] ?? all.checksum) === all.checksum) {
      result.checksums[name] = all.checksum;
    } else {
      result.checksums[name] = "differs from run to run";
    }
    result.seconds[name][round] = all[clock] > nothing[clock] ? all[clock] - nothing[clock] : Number.NaN;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    result.checksums[name] = "failed";
  }
}
