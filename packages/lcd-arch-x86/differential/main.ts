import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CaseRunner } from "./case";
import { EmulatorRunner } from "./emulator";
import { hunt } from "./hunt";
import { type KindName, kindNames, kinds } from "./kinds";
import { makeVectors } from "./make-vectors";
import { NativeRunner } from "./native";
import { type TierName, tiers } from "./tiers";
import { countOf, UsageError } from "./usage-error";

const usage = `Runs random instruction sequences on this machine's processor and in the emulator, and compares.

  node differential/run.mjs [--cases 1000000] [--seed 1] [--kind 64] [--states 4] [--tier first|cold|hot|mixed] [--slice n] [--domain]
  node differential/run.mjs --vectors <file> [--kind 64] [--seed 1]
                                                             writes vectors with the real processor's answers

  --cases     how many cases
  --seed      the same seed makes the same cases
  --kind      ${kindNames.join(", ")}, or all
  --states    how many initial states each sequence runs with
  --tier      first: interpreted, as code runs the first times; cold: compiled; hot: compiled as hot code is; mixed: all
              of them by turns
  --slice     stop and start the processor every n instructions
  --domain    in a domain, not on the bare processor
  --failures  how many different failures to report
  --against   another build of native/harness.c to compare with, instead of the emulator
`;

/** The command. @param folder where this folder's sources lie. @returns the exit code */
export function main(argv: string[], folder: string): number {
  const { values } = parseArgs({
    args: argv,
    options: {
      cases: { type: "string", default: "1000000" },
      kind: { type: "string", default: "64" },
      seed: { type: "string", default: "1" },
      states: { type: "string", default: "4" },
      tier: { type: "string", default: "cold" },
      slice: { type: "string" },
      domain: { type: "boolean", default: false },
      failures: { type: "string", default: "20" },
      vectors: { type: "string" },
      against: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const log = (line: string) => process.stdout.write(`${line}\n`);
  const chosen = kindNames.filter((kind) => kind === values.kind || values.kind === "all");
  if (chosen.length === 0) {
    throw new UsageError(`--kind is all or one of ${kindNames.join(", ")}, not "${values.kind}"`);
  }
  const native = NativeRunner.build(join(folder, "native"));
  try {
    if (values.vectors !== undefined) {
      writeFileSync(values.vectors, vectors(native, chosen[0], values.vectors, Number(values.seed)));
      return 0;
    }
    const actual = values.against ? new NativeRunner(values.against.split(" ")) : emulator(values);
    try {
      return compare(native, actual, chosen, values, log);
    } finally {
      actual.close();
    }
  } finally {
    native.close();
  }
}

function vectors(native: CaseRunner, kind: KindName, file: string, seed: number): string {
  const command = `node differential/run.mjs --vectors ${file} --kind ${kind} --seed ${seed}`;
  return makeVectors(native, kind, seed, [`Made by: ${command}`, `On: ${cpus()[0].model}`]);
}

interface Amounts {
  readonly cases: string;
  readonly seed: string;
  readonly states: string;
  readonly failures: string;
}

/** Runs cases of all kinds that are asked for; of more than one, each has its share. */
function compare(
  native: CaseRunner,
  actual: CaseRunner,
  chosen: readonly KindName[],
  amounts: Amounts,
  log: (line: string) => void,
): number {
  const cases = countOf("--cases", amounts.cases);
  const seed = countOf("--seed", amounts.seed, 0);
  const states = countOf("--states", amounts.states);
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const started = Date.now();
  const summary = (name: string, { passed, failed, skipped }: typeof sum): void => {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    log(`${name}${passed} passed, ${failed} failed (${skipped} skipped) in ${seconds} s`);
  };
  for (const kind of chosen) {
    const share = chosen.length > 1 ? kinds[kind].share / 100 : 1;
    const failures = countOf("--failures", amounts.failures);
    const result = hunt(native, actual, { cases: Math.round(cases * share), seed, kind, states, failures, log });
    sum.passed += result.passed;
    sum.failed += result.failed;
    sum.skipped += result.skipped;
    if (chosen.length > 1) {
      summary(`${kind}: `, result);
    }
  }
  summary("", sum);
  log(`seed ${seed}, ${states} states for each sequence, against ${actual.name}`);
  return sum.failed === 0 ? 0 : 1;
}

const isTierName = (name: string): name is TierName => name in tiers;

function emulator(values: { tier: string; slice?: string; domain: boolean }): CaseRunner {
  const { tier, slice, domain } = values;
  if (!isTierName(tier)) {
    throw new UsageError(`--tier is ${Object.keys(tiers).join(", ")}, not "${tier}"`);
  }
  return new EmulatorRunner({ tier, domain, ...(slice === undefined ? {} : { slice: countOf("--slice", slice) }) });
}
