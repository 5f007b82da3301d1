import { analyze, wentAstray } from "./analyze";
import type { CaseResult, CaseRunner, TestCase } from "./case";
import { stopOffset } from "./compare";
import { formsOf } from "./forms/index";
import { Generator } from "./generate";
import type { KindName } from "./kinds";
import { unitsOf } from "./units/index";
import { writeVector } from "./vectors";

/** How many cases there are of each form and each prepared sequence, and how many longer ones. */
interface Amounts {
  readonly form: number;
  readonly unit: number;
  readonly longer: number;
}

const many: Amounts = { form: 6, unit: 16, longer: 400 };
const few: Amounts = { form: 2, unit: 6, longer: 60 };

/** A file of vectors: every form and every unit several times, and some longer sequences. */
export function makeVectors(runner: CaseRunner, kind: KindName, seed: number, comments: readonly string[]): string {
  const generator = new Generator(seed, kind);
  const tests: TestCase[] = [];
  const amounts = kind === "64" ? many : few;
  for (const form of formsOf(kind)) {
    for (let i = 0; i < amounts.form; i++) {
      tests.push(generator.ofForm(form));
    }
  }
  for (const number of unitsOf(kind).keys()) {
    for (let i = 0; i < amounts.unit; i++) {
      tests.push(generator.ofUnit(number));
    }
  }
  for (let i = 0; i < amounts.longer; i++) {
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
  const analysis = analyze(test);
  return analysis !== null && !result.timedOut && !wentAstray(analysis, stopOffset(test, result));
}
