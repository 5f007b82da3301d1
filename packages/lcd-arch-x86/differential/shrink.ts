import { type Analysis, analyze, wentAstray } from "./analyze";
import type { CaseRunner, TestCase } from "./case";
import { differences, stopOffset } from "./compare";

const NOP = 0x90;

/** A case on which two runners disagree, and how. */
export interface Failure {
  readonly test: TestCase;
  readonly differences: readonly string[];
}

/**
 * The smallest part of a failing case that still fails: instructions become `nop`s, so that what is left keeps its
 * place, as long as the runners disagree and the outcome is defined.
 */
export function shrink(failure: Failure, expected: CaseRunner, actual: CaseRunner): Failure {
  let smallest = failure;
  for (;;) {
    const smaller = firstFailing(candidates(smallest.test), expected, actual);
    if (!smaller) {
      return smallest;
    }
    smallest = smaller;
  }
}

interface Candidate {
  readonly test: TestCase;
  readonly analysis: Analysis;
}

function candidates(test: TestCase): Candidate[] {
  const offsets = analyze(test)?.offsets ?? [];
  const found: Candidate[] = [];
  for (const [i, offset] of offsets.entries()) {
    const end = offsets[i + 1] ?? test.code.length;
    const bytes = test.code.subarray(offset, end);
    if (bytes.every((byte) => byte === NOP) || clearsMemory(bytes)) {
      continue;
    }
    const code = test.code.slice();
    code.fill(NOP, offset, end);
    const smaller = { ...test, code };
    const analysis = analyze(smaller);
    if (analysis) {
      found.push({ test: smaller, analysis });
    }
  }
  return found;
}

/** `mov dword [address], 0`: hides what an x87 or SSE state has that is not compared, and has to stay. */
function clearsMemory(bytes: Uint8Array): boolean {
  return bytes[0] === 0xc7 && bytes.length >= 10 && bytes.subarray(-4).every((byte) => byte === 0);
}

function firstFailing(tries: readonly Candidate[], expected: CaseRunner, actual: CaseRunner): Failure | null {
  const tests = tries.map(({ test }) => test);
  const wanted = expected.run(tests);
  for (const [i, { test, analysis }] of tries.entries()) {
    if (wanted[i].timedOut || wentAstray(analysis, stopOffset(test, wanted[i]))) {
      continue;
    }
    const [got] = actual.run([test]);
    const found = differences(test, analysis, wanted[i], got);
    if (found.length > 0) {
      return { test, differences: found };
    }
  }
  return null;
}
