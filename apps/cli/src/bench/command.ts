import { availableParallelism, cpus } from "node:os";
import { InvalidArgumentError } from "commander";
import { defineCommand, runCommand } from "../command/define";
import { parseCount } from "../command/quantity";
import { ExitCode } from "../exit-code";
import { jsonText } from "../json-text";
import { resumeOptimizer } from "../optimizer";
import type { Terminal } from "../terminal";
import { measureDomains } from "./domains";
import { formatMeasurement, type Measurement } from "./measure";
import { measureMemory, measureStart } from "./processes";
import { runWorkloads } from "./workloads";

const EXAMPLES = `
Examples:
  lcd bench                          everything
  lcd bench --only start,domains     some of it
  lcd bench --only start --json      numbers for a program

  start      the time of lcd run hello, against that of node -e 0
  domains    the time to create a domain, run hello in it and destroy it, against that of a Worker
  memory     the largest resident size, above the machine's RAM
  workloads  SHA-256, CRC-32, sieve, quicksort ... in a domain, natively, in QEMU and in v86: those that are
             installed, and in LCD's repository only

Times depend on what else the machine does; the ratios less so. Measured in turns, the median counts.`;

const parts = ["start", "domains", "memory", "workloads"] as const;
type Part = (typeof parts)[number];

interface Options {
  readonly only: readonly Part[];
  readonly repeat: number;
  readonly json: boolean;
}

/** `lcd bench`. */
export async function bench(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = defineCommand("bench", terminal)
    .description("Measures LCD on this machine, and prints ratios.")
    .option("--only <parts>", `${parts.join(", ")}, with commas between them (default: all)`, parseParts, parts)
    .option("--repeat <times>", "how often processes are run (default: 10)", parseCount, 10)
    .option("--json", "print one JSON object, without workloads", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, async (options: Options) => {
    resumeOptimizer();
    return measureAll(options, terminal);
  });
}

function parseParts(text: string): readonly Part[] {
  return text.split(",").map((word) => {
    const part = parts.find((name) => name === word);
    if (part === undefined) throw new InvalidArgumentError(`It must be of ${parts.join(", ")}.`);
    return part;
  });
}

const measurements: Readonly<Record<Exclude<Part, "workloads">, (repeat: number) => Promise<Measurement>>> = {
  start: measureStart,
  domains: measureDomains,
  memory: measureMemory,
};

async function measureAll({ only, repeat, json }: Options, terminal: Terminal): Promise<number> {
  const processor = cpus()[0]?.model.trim() ?? "unknown processor";
  if (!json) terminal.stdout(`${processor}, ${availableParallelism()} at once; Node ${process.version}\n\n`);
  const results: Measurement[] = [];
  for (const part of only) {
    if (part === "workloads") continue;
    const result = await measurements[part](repeat);
    results.push(result);
    if (!json) terminal.stdout(formatMeasurement(result));
  }
  if (json) terminal.stdout(jsonText({ processor, node: process.version, results }));
  else if (only.includes("workloads")) return runWorkloads(Math.min(repeat, 3), terminal);
  return ExitCode.ok;
}
