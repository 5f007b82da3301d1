import { type Analysis, analyze, wentAstray } from "./analyze";
import type { CaseRunner, TestCase } from "./case";
import { differences, stopOffset } from "./compare";
import { Generator } from "./generate";
import { Layout } from "./layout";
import { disassemble, formatLine } from "./names";
import { type Failure, shrink } from "./shrink";

/** What an open-ended run is asked to do. */
export interface HuntOptions {
  readonly cases: number;
  readonly seed: number;
  /** How many states each piece of code is run with. */
  readonly states: number;
  /** Stop looking at differences after that many distinct ones. */
  readonly failures: number;
  readonly log: (line: string) => void;
}

/** Totals of a run. */
export interface HuntResult {
  readonly passed: number;
  readonly failed: number;
  /** Cases that did not end on the real processor, or that left their own instructions. */
  readonly skipped: number;
  /** Each kind of difference once, shrunk. */
  readonly failures: readonly Failure[];
}

const BATCH = 4096;
const PROGRESS_EVERY = 250_000;

/** Runs random cases on both runners, and shrinks and reports what differs. */
export function hunt(expected: CaseRunner, actual: CaseRunner, options: HuntOptions): HuntResult {
  const generator = new Generator(options.seed);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const failures = new Map<string, Failure>();
  for (let done = 0; done < options.cases; ) {
    const tests = batch(generator, Math.min(BATCH, options.cases - done), options.states);
    for (const failure of compareBatch(tests, expected, actual, totals)) {
      if (failures.size < options.failures) {
        note(shrink(failure, expected, actual), failures, options.log);
      }
    }
    if (Math.floor(done / PROGRESS_EVERY) !== Math.floor((done + tests.length) / PROGRESS_EVERY)) {
      options.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
    }
    done += tests.length;
  }
  return { ...totals, failures: [...failures.values()] };
}

/** `count` cases, groups of `states` of them with the same code. */
function batch(generator: Generator, count: number, states: number): TestCase[] {
  const tests: TestCase[] = [];
  while (tests.length < count) {
    const test = generator.next();
    tests.push(test);
    for (let i = 1; i < states && tests.length < count; i++) {
      tests.push(generator.again(test));
    }
  }
  return tests;
}

function compareBatch(
  tests: readonly TestCase[],
  expected: CaseRunner,
  actual: CaseRunner,
  totals: { passed: number; failed: number; skipped: number },
): Failure[] {
  const wanted = expected.run(tests);
  const ending = tests
    .map((test, i) => ({ test, want: wanted[i], analysis: analysisOf(test) }))
    .filter(({ test, want, analysis }) => !want.timedOut && !wentAstray(analysis, stopOffset(test, want)));
  totals.skipped += tests.length - ending.length;
  const got = actual.run(ending.map(({ test }) => test));
  const failures: Failure[] = [];
  for (const [i, { test, want, analysis }] of ending.entries()) {
    const found = differences(test, analysis, want, got[i]);
    if (found.length > 0) {
      totals.failed++;
      failures.push({ test, differences: found });
    } else {
      totals.passed++;
    }
  }
  return failures;
}

function analysisOf(test: TestCase): Analysis {
  const analysis = analyze(test.code, Layout.codeBase + test.start);
  if (!analysis) {
    throw new Error("the generator made a case with an undefined outcome");
  }
  return analysis;
}

/** Reports a failure unless one with the same instructions and the same kind of difference is there already. */
function note(failure: Failure, failures: Map<string, Failure>, log: (line: string) => void): void {
  const { test } = failure;
  const lines = disassemble(test.code, Layout.codeBase + test.start);
  const mnemonics = lines.map(({ text }) => text.replace(/ [^ ]*$/, ""));
  const kinds = failure.differences.map((difference) => difference.split(" ")[0].replace(/^r.*/, "register"));
  const kind = [...mnemonics, ...new Set(kinds)].join(" ");
  if (failures.has(kind)) {
    return;
  }
  failures.set(kind, failure);
  log("");
  for (const line of [...lines.map(formatLine), ...failure.differences.map((difference) => `    ${difference}`)]) {
    log(`  ${line}`);
  }
  log(`  classes ${test.classes.toString(16)} seed ${test.seed.toString(16)}`);
}
