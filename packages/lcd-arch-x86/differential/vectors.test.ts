import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { analyze, placeOf } from "./analyze";
import { isPossible } from "./case";
import { differences } from "./compare";
import { type EmulatorOptions, EmulatorRunner } from "./emulator";
import { formsOf } from "./forms/index";
import { type KindName, kindNames, kinds } from "./kinds";
import { disassemble, formatLine } from "./names";
import { type TierName, tiers } from "./tiers";
import { readVectors, type Vector, writeVector } from "./vectors";

const read = (kind: KindName): string => readFileSync(new URL(`./vectors/${kind}.txt`, import.meta.url), "utf8");

/** A vector that went wrong, for a person: assembly, what was expected, what came out. */
function explain({ test }: Vector, found: readonly string[]): string {
  return [...disassemble(test.code, placeOf(test).address, kinds[test.kind].bits).map(formatLine), ...found].join("\n");
}

function expectAgreement(all: readonly Vector[], options: EmulatorOptions): void {
  const runner = new EmulatorRunner(options);
  const vectors = all.filter(({ test, expected }) => isPossible(runner, test, expected));
  const results = runner.run(vectors.map(({ test }) => test));
  const wrong = vectors.flatMap((vector, i) => {
    const analysis = analyze(vector.test);
    if (!analysis) {
      throw new Error(`a vector has an undefined outcome: ${writeVector(vector)}`);
    }
    const found = differences(vector.test, analysis, vector.expected, results[i]);
    return found.length > 0 ? [explain(vector, found)] : [];
  });
  runner.close();
  expect(wrong).toEqual([]);
}

const tierNames = Object.keys(tiers) as TierName[];

describe.each(kindNames)("code of kind %s", (kind) => {
  const text = read(kind);
  const vectors = readVectors(text, kind);

  it.each(tierNames)("does what the real processor did when it runs as %s code", { timeout: 120_000 }, (tier) => {
    expectAgreement(vectors, { tier });
  });

  it("has vectors of every form, which are read and written without loss", () => {
    const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
    expect(vectors.map(writeVector)).toEqual(lines);
    expect(vectors.length).toBeGreaterThan(formsOf(kind).length);
  });
});

const vectors = readVectors(read("64"), "64");

describe("64-bit integer code in a domain", () => {
  it("does what the real processor did", { timeout: 120_000 }, () => {
    expectAgreement(vectors, { tier: "hot", domain: true });
  });
});

describe("the count of retired instructions", () => {
  const tests = vectors.map(({ test }) => test).filter((_, i) => i % 8 === 0);
  const countsOf = (runner: EmulatorRunner): number[] => {
    runner.run(tests);
    runner.close();
    return runner.retired;
  };

  it("is the same in all tiers, and however often the processor is stopped", { timeout: 120_000 }, () => {
    const cold = countsOf(new EmulatorRunner({ tier: "cold" }));
    expect(countsOf(new EmulatorRunner({ tier: "first" }))).toEqual(cold);
    expect(countsOf(new EmulatorRunner({ tier: "first", slice: 3 }))).toEqual(cold);
    expect(countsOf(new EmulatorRunner({ tier: "hot" }))).toEqual(cold);
    expect(countsOf(new EmulatorRunner({ tier: "cold", slice: 3 }))).toEqual(cold);
    expect(countsOf(new EmulatorRunner({ tier: "hot", slice: 2 }))).toEqual(cold);
  });

  it("is one for one instruction, and two more for the jump and HLT behind it", () => {
    const single = vectors.filter(({ test, expected }) => {
      const lines = disassemble(test.code, placeOf(test).address, 64);
      return expected.exception === null && lines.length === 1 && !/\brep/.test(lines[0].text);
    });
    const runner = new EmulatorRunner({ tier: "cold" });
    runner.run(single.map(({ test }) => test));
    expect(new Set(runner.retired)).toEqual(new Set([3]));
  });
});
