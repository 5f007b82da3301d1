import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../random";
import { countOf } from "../../usage-error";
import { agrees } from "./agreement";
import { controlOutcome, randomControlCase } from "./control";
import { EmulatedFloat } from "./emulator";
import { makeVectors } from "./make-vectors";
import { randomMmxCase, type WholeCase, wholeOutcome } from "./mmx";
import { type FloatResult, NativeFloat } from "./native";
import { randomSseCase, type SseCase, type SseOutcome, sseExpected, sseOutcome, sseRequest } from "./sse";
import { Fxsave, viewOf } from "./state";
import { randomX87Case, type X87Case, type X87Outcome, x87Expected, x87Outcome } from "./x87";

const usage = `Compares floating point, x87, SSE and MMX, with this machine's processor.

  node differential/native/float/run.mjs [--cases 200000] [--seed 1] [--only prem] [--emulator]
  node differential/native/float/run.mjs --vectors <file> [--seed 1]      writes vectors with the real processor's answers

  --cases     how many cases of each kind
  --seed      the same seed makes the same cases
  --only      x87 instructions of this name
  --emulator  x87 through translated code, too
`;

const BATCH = 20_000;

const hex = (value: bigint | number): string => value.toString(16);
const show = ({ vector, mxcsr, result }: SseOutcome): string => `vector ${vector} mxcsr ${hex(mxcsr)} ${hex(result)}`;

/** Compares cases of the SSE half with the processor, and prints those that differ. @returns how many do */
function checkSse(native: NativeFloat, random: Random, count: number): number {
  const wrong = new Map<string, number>();
  for (let done = 0; done < count; done += BATCH) {
    const cases: SseCase[] = Array.from({ length: Math.min(BATCH, count - done) }, () => randomSseCase(random));
    native.run(cases.map(sseRequest)).forEach((result, index) => {
      const test = cases[index];
      const [found, expected] = [show(sseExpected(test)), show(sseOutcome(test, result))];
      if (found !== expected) {
        const { name } = test.operation;
        const before = wrong.get(name) ?? 0;
        wrong.set(name, before + 1);
        if (before < 4) {
          console.log(`${name} mxcsr ${hex(test.mxcsr)} ${hex(test.a)}, ${hex(test.b)}`);
          console.log(`  processor: ${expected}\n  library:   ${found}`);
        }
      }
    });
  }
  const total = [...wrong.values()].reduce((a, b) => a + b, 0);
  console.log(`SSE: ${count} cases, ${total} differ`, Object.fromEntries(wrong));
  return total;
}

interface X87Options {
  /** The first word of the names of the operations to check; null: all. */
  only: string | null;
  expect(test: X87Case): X87Outcome;
}

/** Compares x87 instructions with the processor, and prints those that differ. @returns how many do */
function checkX87(native: NativeFloat, random: Random, count: number, { only, expect }: X87Options): number {
  const wrong = new Map<string, number>();
  for (let done = 0; done < count; done += BATCH) {
    const cases = Array.from({ length: Math.min(BATCH, count - done) }, () => randomX87Case(random, only));
    native.run(cases.map(({ request }) => request)).forEach((result, index) => {
      const test = cases[index];
      const [found, expected] = [expect(test), x87Outcome(test, result)];
      if (!agrees(test, expected, found)) {
        const { name } = test.operation;
        const before = wrong.get(name) ?? 0;
        wrong.set(name, before + 1);
        if (before < 3) {
          explain(test, expected, found);
        }
      }
    });
  }
  const total = [...wrong.values()].reduce((a, b) => a + b, 0);
  console.log(`x87: ${count} cases, ${total} differ`, Object.fromEntries(wrong));
  return total;
}

function explain(test: X87Case, processor: X87Outcome, library: X87Outcome): void {
  const before = x87Outcome(test, { ...test.request, vector: null });
  console.log(`${test.operation.name} ${test.i}`);
  for (const [who, { control, status, tags, memory, flags, registers }] of Object.entries({
    before,
    processor,
    library,
  })) {
    const changed = registers.map((value, i) => (who !== "before" && value === before.registers[i] ? "-" : value));
    const words = [control, status, tags, flags].map(hex).join(" ");
    console.log(`  ${who.padEnd(9)} ${words} ${memory} ${changed.join(" ")}`);
  }
}

/** A kind of case that is run as code, and compared as a whole. */
interface WholeKind {
  name: string;
  make(random: Random): WholeCase;
  outcome(test: WholeCase, result: FloatResult): string[];
}

/** MXCSR.PE: where it is set already, translated code computes most results itself. */
const PRECISION_FLAG = 1 << 5;

function randomTranslatedSse(random: Random): WholeCase {
  const test = randomSseCase(random);
  const mxcsr = test.mxcsr | (random.chance(70) ? PRECISION_FLAG : 0);
  return { name: `${test.operation.name} mxcsr ${hex(mxcsr)}`, request: sseRequest({ ...test, mxcsr }) };
}

const ARITHMETIC_FLAGS = 0x8d5;

const sseState = (_: WholeCase, result: FloatResult): string[] => {
  const mxcsr = viewOf(result.state).getUint32(Fxsave.mxcsr, true);
  return [...wholeOutcome(result), `MXCSR ${hex(mxcsr & 0xffff)} flags ${hex(result.rflags & ARITHMETIC_FLAGS)}`];
};

const wholeKinds: readonly WholeKind[] = [
  { name: "SSE, translated", make: randomTranslatedSse, outcome: sseState },
  { name: "MMX", make: randomMmxCase, outcome: (_, result) => wholeOutcome(result) },
  { name: "x87 control", make: randomControlCase, outcome: controlOutcome },
];

/** Compares code in the emulator with the processor. @returns how many cases differ */
function checkWhole(native: NativeFloat, random: Random, count: number, { name, make, outcome }: WholeKind): number {
  const emulator = new EmulatedFloat();
  let wrong = 0;
  for (let done = 0; done < count; done += BATCH) {
    const cases = Array.from({ length: Math.min(BATCH, count - done) }, () => make(random));
    native.run(cases.map(({ request }) => request)).forEach((result, index) => {
      const test = cases[index];
      const before = outcome(test, { ...test.request, vector: null });
      const [expected, found] = [outcome(test, result), outcome(test, emulator.run(test.request))];
      const different = found.flatMap((line, at) => (line === expected[at] ? [] : [at]));
      if (different.length > 0 && wrong++ < 20) {
        console.log(test.name);
        for (const at of different) {
          console.log(`  before    ${before[at]}\n  processor ${expected[at]}\n  emulator  ${found[at]}`);
        }
      }
    });
  }
  console.log(`${name}: ${count} cases, ${wrong} differ`);
  return wrong;
}

/** Holds the floating-point library to this computer's processor. @returns the exit code */
export function main(args: string[], folder: string): number {
  const { values } = parseArgs({
    args,
    options: {
      cases: { type: "string", default: "200000" },
      seed: { type: "string", default: "1" },
      only: { type: "string" },
      emulator: { type: "boolean" },
      vectors: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const count = countOf("--cases", values.cases);
  const random = new Random(countOf("--seed", values.seed, 0));
  const native = new NativeFloat(join(folder, "harness.c"));
  if (values.vectors !== undefined) {
    const command = `node differential/native/float/run.mjs --vectors ${values.vectors} --seed ${values.seed}`;
    writeFileSync(values.vectors, makeVectors(native, random, command));
    native.close();
    return 0;
  }
  const only = values.only ?? null;
  const emulator = new EmulatedFloat();
  const expect = values.emulator ? (test: X87Case) => x87Outcome(test, emulator.run(test.request)) : x87Expected;
  let differ = checkX87(native, random, count, { only, expect });
  if (only === null) {
    differ += checkSse(native, random, count);
    differ += wholeKinds.reduce((sum, kind) => sum + checkWhole(native, random, count, kind), 0);
  }
  native.close();
  return differ === 0 ? 0 : 1;
}
