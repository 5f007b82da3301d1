import { type Analysis, analyze, placeOf, wentAstray } from "./analyze";
import { type CaseRunner, initialState, isPossible, type TestCase } from "./case";
import { differences, flagNames, stopOffset } from "./compare";
import { Generator } from "./generate";
import { type KindName, kinds } from "./kinds";
import { disassemble, formatLine, gprNames } from "./names";
import { segmentNames } from "./segments";
import { type Failure, shrink } from "./shrink";

/** What an open-ended run is asked to do. */
export interface HuntOptions {
  readonly cases: number;
  readonly seed: number;
  readonly kind: KindName;
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
/** Shrinking takes long: many failures that turn out to be the same are enough. */
const SHRINKS_PER_FAILURE = 8;
const PROGRESS_EVERY = 250_000;

/** Runs random cases on both runners, and shrinks and reports what differs. */
export function hunt(expected: CaseRunner, actual: CaseRunner, options: HuntOptions): HuntResult {
  const generator = new Generator(options.seed, options.kind);
  const totals = { passed: 0, failed: 0, skipped: 0 };
  const failures = new Map<string, Failure>();
  let shrunk = 0;
  for (let done = 0; done < options.cases; ) {
    const tests = batch(generator, Math.min(BATCH, options.cases - done), options.states);
    for (const failure of compareBatch(tests, expected, actual, totals)) {
      if (failures.size < options.failures && shrunk < options.failures * SHRINKS_PER_FAILURE) {
        shrunk++;
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

/** Compares cases on both runners. @returns one failure of each piece of code that failed */
function compareBatch(
  tests: readonly TestCase[],
  expected: CaseRunner,
  actual: CaseRunner,
  totals: { passed: number; failed: number; skipped: number },
): Failure[] {
  const wanted = expected.run(tests);
  let last: { readonly code: Uint8Array; readonly analysis: Analysis } | null = null;
  const ending = tests
    .map((test, i) => {
      last = last?.code === test.code ? last : { code: test.code, analysis: analysisOf(test) };
      return { test, want: wanted[i], analysis: last.analysis };
    })
    .filter(({ test, want, analysis }) => !want.timedOut && !wentAstray(analysis, stopOffset(test, want)))
    .filter(({ test, want }) => isPossible(actual, test, want));
  totals.skipped += tests.length - ending.length;
  const got = actual.run(ending.map(({ test }) => test));
  const failures = new Map<Uint8Array, Failure>();
  for (const [i, { test, want, analysis }] of ending.entries()) {
    const found = differences(test, analysis, want, got[i]);
    if (found.length > 0) {
      totals.failed++;
      failures.set(test.code, { test, differences: found });
    } else {
      totals.passed++;
    }
  }
  return [...failures.values()];
}

function analysisOf(test: TestCase): Analysis {
  const analysis = analyze(test);
  if (!analysis) {
    throw new Error("the generator made a case with an undefined outcome");
  }
  return analysis;
}

/** Reports a failure unless one with the same instructions and the same kind of difference is there already. */
function note(failure: Failure, failures: Map<string, Failure>, log: (line: string) => void): void {
  const { test } = failure;
  const lines = disassemble(test.code, placeOf(test).address, kinds[test.kind].bits);
  const mnemonics = lines.map(({ text }) => text.replace(/ [^ ]*$/, ""));
  const what = failure.differences.map((difference) => difference.split(" ")[0].replace(/^r.*/, "register"));
  const kind = [...mnemonics, ...new Set(what)].join(" ");
  if (failures.has(kind)) {
    return;
  }
  failures.set(kind, failure);
  log("");
  for (const line of [...lines.map(formatLine), ...failure.differences.map((difference) => `    ${difference}`)]) {
    log(`  ${line}`);
  }
  log(`  ${describeStart(test)}`);
  log(`  classes ${test.classes.toString(16)} seed ${test.seed.toString(16)}`);
}

/** Registers that a case begins with, in one line. */
function describeStart(test: TestCase): string {
  const { gpr, segments, rflags } = initialState(test);
  const wide = kinds[test.kind].bits === 64;
  const registers = Array.from(gpr.slice(0, wide ? 16 : 8), (value, i) => `${gprNames[i]} ${value.toString(16)}`);
  const selectors = wide ? [] : Array.from(segments, (value, i) => `${segmentNames[i]} ${value.toString(16)}`);
  return [...registers, ...selectors, `flags ${flagNames(rflags)}`].join(", ");
}
