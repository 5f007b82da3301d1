import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../random";
import { NativeFloat } from "./native";
import { randomSseCase, type SseCase, type SseOutcome, sseExpected, sseOutcome, sseRequest } from "./sse";

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

/** Holds the floating-point library to this computer's processor. @returns the exit code */
export function main(args: string[], folder: string): number {
  const { values } = parseArgs({
    args,
    options: { cases: { type: "string", default: "200000" }, seed: { type: "string", default: "1" } },
  });
  const native = new NativeFloat(join(folder, "harness.c"));
  const random = new Random(Number(values.seed));
  const differ = checkSse(native, random, Number(values.cases));
  native.close();
  return differ === 0 ? 0 : 1;
}
