import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../random";
import { agrees } from "./agreement";
import { EmulatedFloat } from "./emulator";
import { mmxOutcome, randomMmxCase } from "./mmx";
import { NativeFloat } from "./native";
import { randomSseCase, type SseCase, type SseOutcome, sseExpected, sseOutcome, sseRequest } from "./sse";
import { randomX87Case, type X87Case, type X87Outcome, x87Expected, x87Outcome } from "./x87";

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

/** Compares MMX instructions in the emulator with the processor. @returns how many differ */
function checkMmx(native: NativeFloat, emulator: EmulatedFloat, random: Random, count: number): number {
  let wrong = 0;
  for (let done = 0; done < count; done += BATCH) {
    const cases = Array.from({ length: Math.min(BATCH, count - done) }, () => randomMmxCase(random));
    native.run(cases.map(({ request }) => request)).forEach((result, index) => {
      const { name, request } = cases[index];
      const [before, expected] = [mmxOutcome({ ...request, vector: null }), mmxOutcome(result)];
      const found = mmxOutcome(emulator.run(request));
      const different = found.flatMap((line, at) => (line === expected[at] ? [] : [at]));
      if (different.length > 0 && wrong++ < 20) {
        console.log(name);
        for (const at of different) {
          console.log(`  before    ${before[at]}\n  processor ${expected[at]}\n  emulator  ${found[at]}`);
        }
      }
    });
  }
  console.log(`MMX: ${count} cases, ${wrong} differ`);
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
    },
  });
  const native = new NativeFloat(join(folder, "harness.c"));
  const random = new Random(Number(values.seed));
  const count = Number(values.cases);
  const only = values.only ?? null;
  const emulator = new EmulatedFloat();
  const expect = values.emulator ? (test: X87Case) => x87Outcome(test, emulator.run(test.request)) : x87Expected;
  const differ =
    (only === null ? checkSse(native, random, count) : 0) + checkX87(native, random, count, { only, expect });
  const differMmx = only === null ? checkMmx(native, emulator, random, count) : 0;
  native.close();
  return differ + differMmx === 0 ? 0 : 1;
}
