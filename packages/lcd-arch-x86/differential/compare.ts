import { type Analysis, undefinedFlagsAt } from "./analyze";
import { type CaseResult, initialState, type TestCase } from "./case";
import { compareFx, comparisonFlagsAreUnset, denormalIsRaised, denormalMayBeForgotten } from "./compare-fx";
import { Layout } from "./layout";
import { gprNames } from "./names";
import { segmentNames } from "./segments";
import { ALL_FLAGS, isImplementationSpecific, visibleSelector } from "./undefined";

/** Bits of RFLAGS that are compared: the arithmetic flags, TF, DF, NT, AC and ID. RF and IF differ by privilege and by signal. */
const COMPARED_FLAGS = ALL_FLAGS | 0x100 | 0x400 | 0x4000 | 0x4_0000 | 0x20_0000;

const PAGE_FAULT = 14;

/** Bits of a page fault's error code that do not depend on the privilege level: write, and instruction fetch. */
const PAGE_FAULT_CODE = 0x12;

/**
 * What differs between two outcomes of a case, one sentence each; empty when they agree on all that is defined.
 *
 * @param expected from the real processor
 */
export function differences(test: TestCase, analysis: Analysis, expected: CaseResult, actual: CaseResult): string[] {
  if (actual.timedOut) {
    return ["did not end"];
  }
  if (isImplementationSpecific(expected, actual)) {
    return [];
  }
  const found: string[] = [];
  if (expected.exception !== actual.exception) {
    found.push(`exception ${outcome(actual)}, expected ${outcome(expected)}`);
  }
  if (expected.rip !== actual.rip) {
    found.push(`rip ${hex(actual.rip)}, expected ${hex(expected.rip)}`);
  }
  if (found.length > 0) {
    return found;
  }
  if (expected.exception !== null) {
    compareFault(expected, actual, found);
  }
  const loaded = expected.exception !== null && analysis.partial.has(stopOffset(test, expected));
  for (let i = 0; i < 16 && !loaded; i++) {
    if (expected.gpr[i] !== actual.gpr[i]) {
      found.push(`${gprNames[i]} ${hex(actual.gpr[i])}, expected ${hex(expected.gpr[i])}`);
    }
  }
  for (const [i, name] of segmentNames.entries()) {
    if (visibleSelector(expected.segments[i]) !== visibleSelector(actual.segments[i])) {
      found.push(`${name} ${hex(actual.segments[i])}, expected ${hex(expected.segments[i])}`);
    }
  }
  const x87Fault = expected.fx !== null && comparisonFlagsAreUnset(expected.fx) ? ALL_FLAGS : 0;
  const defined = COMPARED_FLAGS & ~undefinedFlagsAt(analysis, stopOffset(test, expected)) & ~x87Fault;
  if ((expected.rflags ^ actual.rflags) & defined) {
    found.push(`flags ${flagNames(actual.rflags & defined)}, expected ${flagNames(expected.rflags & defined)}`);
  }
  if (expected.fx === null || !denormalIsRaised(expected.fx)) {
    compareMemory(expected, actual, found);
  }
  if (expected.fx && actual.fx && !loaded) {
    compareFx(analysis, expected.fx, actual.fx, found);
  }
  return found.length > 0 && isForgotten(test, analysis) ? [] : found;
}

function isForgotten(test: TestCase, analysis: Analysis): boolean {
  const { fx } = initialState(test);
  return fx !== null && denormalMayBeForgotten(analysis, fx);
}

/** Where a case stopped, counted from its first byte. */
export function stopOffset(test: TestCase, { rip }: CaseResult): number {
  return Number(rip) - Layout.codeBase - test.start;
}

function compareFault(expected: CaseResult, actual: CaseResult, found: string[]): void {
  const mask = expected.exception === PAGE_FAULT ? PAGE_FAULT_CODE : 0xffffffff;
  if ((expected.errorCode ^ actual.errorCode) & mask) {
    found.push(`error code ${hex(actual.errorCode)}, expected ${hex(expected.errorCode)}`);
  }
  if (expected.exception === PAGE_FAULT && expected.address !== actual.address) {
    found.push(`CR2 ${hex(actual.address)}, expected ${hex(expected.address)}`);
  }
}

function compareMemory(expected: CaseResult, actual: CaseResult, found: string[]): void {
  const wanted = new Map(expected.memory);
  const got = new Map(actual.memory);
  for (const index of new Set([...wanted.keys(), ...got.keys()])) {
    const theirs = wanted.get(index);
    const ours = got.get(index);
    if (theirs !== ours) {
      const address = hex(Layout.dataBase + index * 8);
      found.push(`memory at ${address} ${changed(ours)}, expected ${changed(theirs)}`);
    }
  }
}

function outcome({ exception }: CaseResult): string {
  return exception === null ? "none" : String(exception);
}

function changed(value: bigint | undefined): string {
  return value === undefined ? "unchanged" : hex(value);
}

function hex(value: bigint | number): string {
  return `0x${(typeof value === "number" ? value >>> 0 : value).toString(16)}`;
}

const flagBits = [
  ["CF", 0x001],
  ["PF", 0x004],
  ["AF", 0x010],
  ["ZF", 0x040],
  ["SF", 0x080],
  ["TF", 0x100],
  ["DF", 0x400],
  ["OF", 0x800],
  ["NT", 0x4000],
  ["AC", 0x4_0000],
  ["ID", 0x20_0000],
] as const;

/** The names of the flags that are set. */
export function flagNames(rflags: number): string {
  const names = flagBits.filter(([, bit]) => rflags & bit).map(([name]) => name);
  return names.length ? names.join(" ") : "none";
}
