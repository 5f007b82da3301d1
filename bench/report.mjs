import { cpus } from "node:os";
import { geometricMean, median, spread, table } from "./table.mjs";

/** Which ratios are looked at; the goals are issue 3's. */
const RATIOS = [
  { of: "lcd", to: "qemu", goal: 1 },
  { of: "lcd", to: "v86", goal: 1 / 3 },
  { of: "lcd", to: "native", goal: 3 },
  { of: "domain", to: "lcd" },
  { of: "domain", to: "native" },
  { of: "qemu", to: "native" },
  { of: "v86", to: "native" },
];

const number = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");

/** Prints everything that was measured. */
export function report({ results, cold, usable, rounds, clock, json }) {
  const names = usable.map(({ name }) => name);
  const ratios = RATIOS.filter(({ of, to }) => names.includes(of) && names.includes(to));
  const rows = results.map((result) => ({ ...result, ratios: ratios.map((ratio) => ratioOf(result, ratio)) }));
  const means = ratios.map((_, i) => geometricMean(rows.map((row) => row.ratios[i].median)));
  const about = { processor: cpus()[0].model, node: process.version, rounds, clock };
  if (json) {
    const geometricMeans = Object.fromEntries(ratios.map(({ of, to }, i) => [`${of}/${to}`, means[i]]));
    process.stdout.write(`${JSON.stringify({ ...about, results, geometricMeans, cold }, null, 2)}\n`);
    return;
  }
  const time = clock === "wall" ? "seconds" : "seconds of processor time";
  process.stdout.write(`${about.processor}, Node ${about.node}; ${time}, medians of ${rounds} rounds\n`);
  for (const { name, title } of usable) {
    process.stdout.write(`  ${name}: ${title}\n`);
  }
  if (rows.length > 0) {
    process.stdout.write(`\n${workloadTable(rows, names, ratios, means)}`);
    process.stdout.write(
      "A ratio below 1.00 means that the first is the faster; in brackets, the range over the rounds.\n",
    );
  }
  for (const { name, leftOut } of results) {
    for (const [place, reason] of Object.entries(leftOut)) {
      process.stdout.write(`${name} is left out in ${place}: ${reason}\n`);
    }
  }
  for (const line of cold ?? []) {
    process.stdout.write(`\n${line.title}: ${line.text}`);
  }
  process.stdout.write(cold ? "\n" : "");
}

/** The median of the rounds' ratios, and their range. */
function ratioOf({ seconds }, { of, to }) {
  const each = seconds[of].map((value, round) => value / seconds[to][round]);
  return { median: median(each), ...spread(each) };
}

function workloadTable(rows, names, ratios, means) {
  const head = [
    "workload",
    ...names.map((name) => `${name} s`),
    ...ratios.map(({ of, to }) => `${of}/${to}`),
    "result",
  ];
  const ratioText = ({ median, low, high }) =>
    Number.isFinite(median) ? `${number(median, 2)} [${number(low, 2)}-${number(high, 2)}]` : "-";
  const body = rows.map(({ name, seconds, checksums, ratios }) => [
    name,
    ...names.map((place) => number(median(seconds[place]), 3)),
    ...ratios.map(ratioText),
    new Set(Object.values(checksums)).size <= 1 ? "same" : JSON.stringify(checksums),
  ]);
  const blank = names.map(() => "");
  const goals = ratios.map(({ goal }) => (goal ? `<= ${number(goal, 2)}` : ""));
  const rest = [
    ["geometric mean", ...blank, ...means.map((mean) => number(mean, 2)), ""],
    ["goal", ...blank, ...goals, ""],
  ];
  return table(head, [...body, ...rest]);
}
