import type { CaseRunner, TestCase } from "./case";
import { forms } from "./forms";
import { Generator } from "./generate";
import { units } from "./units";
import { writeVector } from "./vectors";

const CASES_PER_FORM = 8;
const CASES_PER_UNIT = 24;
const LONGER_CASES = 500;

/** A file of vectors: every form and every unit several times, and some longer sequences. */
export function makeVectors(runner: CaseRunner, seed: number, comments: readonly string[]): string {
  const generator = new Generator(seed);
  const tests: TestCase[] = [];
  for (const form of forms) {
    for (let i = 0; i < CASES_PER_FORM; i++) {
      tests.push(generator.ofForm(form, 0));
    }
  }
  for (const number of units.keys()) {
    for (let i = 0; i < CASES_PER_UNIT; i++) {
      tests.push(generator.ofUnit(number));
    }
  }
  for (let i = 0; i < LONGER_CASES; i++) {
    tests.push(generator.next());
  }
  const results = runner.run(tests);
  const lines = tests.flatMap((test, i) => (results[i].timedOut ? [] : [writeVector({ test, expected: results[i] })]));
  return `${[...comments.map((comment) => `# ${comment}`), ...lines].join("\n")}\n`;
}
