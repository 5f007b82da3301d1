import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CaseRunner } from "./case";
import { EmulatorRunner } from "./emulator";
import { hunt } from "./hunt";
import { isKind, kindNames } from "./kinds";
import { makeVectors } from "./make-vectors";
import { NativeRunner } from "./native";

const usage = `Runs random instruction sequences on this machine's processor and in the emulator, and compares.

  node differential/run.mjs [--cases 1000000] [--seed 1] [--kind 64] [--states 4] [--tier cold|hot] [--slice n] [--domain]
  node differential/run.mjs --vectors <file> [--kind 64] [--seed 1]
                                                             writes vectors with the real processor's answers

  --cases     how many cases
  --seed      the same seed makes the same cases
  --kind      ${kindNames.join(", ")}
  --states    how many initial states each sequence runs with
  --tier      cold: as code runs the first time; hot: as hot code runs
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
  const seed = Number(values.seed);
  const { kind } = values;
  if (!isKind(kind)) {
    throw new Error(`--kind is one of ${kindNames.join(", ")}, not "${kind}"`);
  }
  const native = NativeRunner.build(join(folder, "native"));
  try {
    if (values.vectors !== undefined) {
      const command = `node differential/run.mjs --vectors ${values.vectors} --kind ${kind} --seed ${seed}`;
      writeFileSync(values.vectors, makeVectors(native, kind, seed, [`Made by: ${command}`, `On: ${cpus()[0].model}`]));
      return 0;
    }
    const actual = values.against ? new NativeRunner(values.against.split(" ")) : emulator(values);
    try {
      const started = Date.now();
      const result = hunt(native, actual, {
        cases: Number(values.cases),
        seed,
        kind,
        states: Number(values.states),
        failures: Number(values.failures),
        log,
      });
      const seconds = (Date.now() - started) / 1000;
      log(`${result.passed} passed, ${result.failed} failed (${result.skipped} skipped) in ${seconds.toFixed(1)} s`);
      log(`seed ${seed}, ${values.states} states for each sequence, against ${actual.name}`);
      return result.failed === 0 ? 0 : 1;
    } finally {
      actual.close();
    }
  } finally {
    native.close();
  }
}

function emulator(values: { tier: string; slice?: string; domain: boolean }): CaseRunner {
  const { tier, slice, domain } = values;
  if (tier !== "cold" && tier !== "hot") {
    throw new Error(`--tier is cold or hot, not "${tier}"`);
  }
  return new EmulatorRunner({ tier, domain, ...(slice === undefined ? {} : { slice: Number(slice) }) });
}
