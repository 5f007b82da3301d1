#!/usr/bin/env node
// Runs every workload natively, in QEMU, in v86 and in a domain, checks that all agree, and compares the times.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measure, places } from "./places.mjs";
import { geometricMean, table } from "./table.mjs";

const usage = `node bench/run.mjs [--only sha256,crc32] [--places native,lcd] [--repeat 3] [--scale 1] [--json]

  --only    these workloads
  --places  these places: ${places.map(({ name }) => name).join(", ")}
  --repeat  how often each runs; the fastest counts
  --scale   times the usual amount of work
  --json    the numbers as JSON
`;

/** How much work each workload does: so that a real processor takes about 0.02 to 0.3 seconds. */
const amounts = { sha256: 15000, crc32: 17000, sieve: 75, quicksort: 144, chase: 30000, indirect: 9000, muldiv: 2700 };

const TIMEOUT_SECONDS = 120;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(amounts).join(",") },
    places: { type: "string", default: places.map(({ name }) => name).join(",") },
    repeat: { type: "string", default: "3" },
    scale: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(usage);
} else {
  process.exitCode = await main();
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "lcd-bench-"));
  try {
    const usable = [];
    for (const place of places) {
      if (values.places.split(",").includes(place.name) && (await ready(place, folder))) {
        usable.push(place);
      }
    }
    const results = [];
    for (const name of values.only.split(",")) {
      results.push(await compare(name, usable, folder));
    }
    report(results, usable);
    return results.every(({ agreed }) => agreed) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

async function fastest(command) {
  const runs = [];
  for (let i = 0; i < Number(values.repeat); i++) {
    runs.push(await measure(command, TIMEOUT_SECONDS));
  }
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best));
}

/** Runs one workload everywhere; what it prepares, which amount 0 does too, is not counted. */
async function compare(name, usable, folder) {
  if (!Object.hasOwn(amounts, name)) {
    throw new Error(`no workload "${name}"; there are ${Object.keys(amounts).join(", ")}`);
  }
  const amount = String(Math.max(1, Math.round(amounts[name] * Number(values.scale))));
  const seconds = {};
  const checksums = {};
  for (const place of usable) {
    process.stderr.write(`${name} ${place.name}\n`);
    try {
      const all = await fastest(place.command(folder, name, amount));
      const nothing = await fastest(place.command(folder, name, "0"));
      checksums[place.name] = all.checksum;
      if (all.seconds > nothing.seconds) {
        seconds[place.name] = all.seconds - nothing.seconds;
      } else {
        process.stderr.write(`${name} ${place.name}: amount 0 took longer; this machine is too busy to measure\n`);
      }
    } catch (error) {
      process.stderr.write(`${error.message}\n`);
      checksums[place.name] = "failed";
    }
  }
  return { name, amount: Number(amount), seconds, checksums, agreed: new Set(Object.values(checksums)).size <= 1 };
}

function report(results, usable) {
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ processor: cpus()[0].model, node: process.version, results }, null, 2)}\n`,
    );
    return;
  }
  const names = usable.map(({ name }) => name);
  const ratios = [
    ["lcd", "native"],
    ["lcd", "qemu"],
    ["lcd", "v86"],
    ["qemu", "native"],
    ["v86", "native"],
  ].filter((pair) => pair.every((name) => names.includes(name)));
  const ratio = ({ seconds }, [a, b]) => (seconds[a] && seconds[b] ? seconds[a] / seconds[b] : Number.NaN);
  const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");
  const rows = results.map((result) => [
    result.name,
    ...names.map((name) => number(result.seconds[name] ?? Number.NaN, 3)),
    ...ratios.map((pair) => number(ratio(result, pair), 2)),
    result.agreed ? "same" : JSON.stringify(result.checksums),
  ]);
  const means = ratios.map((pair) => number(geometricMean(results.map((result) => ratio(result, pair))), 2));
  rows.push(["geometric mean", ...names.map(() => ""), ...means, ""]);
  const head = ["workload", ...names.map((name) => `${name} s`), ...ratios.map((pair) => pair.join("/")), "result"];
  process.stdout.write(`${cpus()[0].model}, Node ${process.version}; seconds, the fastest of ${values.repeat}\n`);
  for (const place of usable) {
    process.stdout.write(`  ${place.name}: ${place.title}\n`);
  }
  process.stdout.write(`\n${table(head, rows)}\nA ratio below 1.00 means that the first of the two is the faster.\n`);
}
