import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../../differential/usage-error";
import { differences, programLines } from "./compare";
import { runHere } from "./here";
import { Missing } from "./missing";
import { type Boot, type Program, programs } from "./programs";
import { hasQemu, runOnQemu } from "./qemu";

const usage = `Runs kernels of others, as Debian has them, and compares what they print with QEMU's.

  node packages/lcd-arch-x86/guests/foreign/run.mjs [--show] [name ...]

  --show     print what they print here

Programs: ${programs.map(({ name }) => name).join(", ")}. Without names, all but those that take minutes.

Packages are fetched with apt-get download and kept beside the bundles, in node_modules/.cache/foreign. What cannot be
fetched is skipped, and so is QEMU where it is not installed: what a program has to print is looked for all the same.
The exit code is 1 when something else was printed.
`;

/** Differing lines that are shown. */
const SHOWN = 20;

/** The command. @param cache a folder for packages and kernels @returns the exit code */
export async function main(argv: string[], cache: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { show: { type: "boolean", default: false }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = positionals.filter((name) => programs.every((program) => program.name !== name));
  if (unknown.length > 0) throw new UsageError(`there is no program "${unknown[0]}": ${usage}`);
  const chosen = programs.filter(({ name, long }) =>
    positionals.length > 0 ? positionals.includes(name) : long !== true,
  );
  let exitCode = 0;
  for (const program of chosen) {
    if (!(await tryProgram(program, cache, values.show))) exitCode = 1;
  }
  return exitCode;
}

/** @returns whether it printed what it has to; also when it could not be had */
async function tryProgram(program: Program, cache: string, show: boolean): Promise<boolean> {
  const packages = join(cache, "packages");
  mkdirSync(packages, { recursive: true });
  const scratch = mkdtempSync(join(cache, `${program.name}-`));
  try {
    let right = true;
    for (const boot of program.prepare(packages, scratch)) right = (await tryBoot(program, boot, show)) && right;
    return right;
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    say(program.name, `skipped: ${error.message}`);
    return true;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function tryBoot(program: Program, boot: Boot, show: boolean): Promise<boolean> {
  const what = `${program.name}, ${boot.cpus} processor${boot.cpus > 1 ? "s" : ""}`;
  const here = runHere(program, boot);
  if (show) process.stdout.write(here.printed);
  const found = [...missingLines(program, here.printed), ...(await againstQemu(program, boot, here.printed, what))];
  const [lines, seconds] = [programLines(here.printed, program.ofTheComputer).length, here.seconds.toFixed(1)];
  say(what, `${here.ended}; ${lines} lines, ${(here.instructions / 1e6).toFixed(0)}M instructions, ${seconds} s`);
  for (const difference of found.slice(0, SHOWN)) say(what, difference);
  if (found.length > SHOWN) say(what, `and ${found.length - SHOWN} more`);
  return found.length === 0;
}

const missingLines = ({ expected }: Program, printed: string): string[] =>
  expected.filter((line) => !printed.includes(line)).map((line) => `it does not print "${line}"`);

async function againstQemu(program: Program, boot: Boot, printed: string, what: string): Promise<string[]> {
  if (boot.qemuKernel === undefined) return [];
  if (!hasQemu()) {
    say(what, "not compared with QEMU, which is not installed");
    return [];
  }
  const theirs = await runOnQemu(program, boot.qemuKernel, boot);
  const lines = [printed, theirs].map((text) => programLines(text, program.ofTheComputer));
  return differences(lines[0], lines[1]).map(({ side, line }) => `only ${side === 0 ? "here" : "on QEMU"}: ${line}`);
}

const say = (what: string, text: string): boolean => process.stdout.write(`${what}: ${text}\n`);
