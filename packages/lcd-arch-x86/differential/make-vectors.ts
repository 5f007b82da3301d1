import { analyze, wentAstray } from "./analyze";
import type { CaseResult, CaseRunner, TestCase } from "./case";
import { stopOffset } from "./compare";
import { forms } from "./forms";
import { Generator } from "./generate";
import { Layout } from "./layout";
import { units } from "./units";
import { writeVector } from "./vectors";

const CASES_PER_FORM = 6;
const CASES_PER_UNIT = 16;
const LONGER_CASES = 400;

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
  const lines = tests.flatMap((test, i) => {
    const expected = results[i];
    return isUsable(test, expected) ? [writeVector({ test, expected })] : [];
  });
  return `${[...comments.map((comment) => `# ${comment}`), ...lines].join("\n")}\n`;
}

/** Whether a case ended, inside its own instructions. */
function isUsable(test: TestCase, result: CaseResult): boolean {
  const analysis = analyze(test.code, Layout.codeBase + test.start);
  return analysis !== null && !result.timedOut && !wentAstray(analysis, stopOffset(test, result));
}
