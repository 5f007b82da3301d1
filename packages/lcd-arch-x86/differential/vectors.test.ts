import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { analyze } from "./analyze";
import { differences } from "./compare";
import { EmulatorRunner } from "./emulator";
import { forms } from "./forms/index";
import { Layout } from "./layout";
import { disassemble, formatLine } from "./names";
import { readVectors, type Vector, writeVector } from "./vectors";

const text = readFileSync(new URL("./vectors.txt", import.meta.url), "utf8");
const vectors = readVectors(text, "64");

/** A vector that went wrong, for a person: assembly, what was expected, what came out. */
function explain({ test }: Vector, found: readonly string[]): string {
  return [...disassemble(test.code, Layout.codeBase + test.start, 64).map(formatLine), ...found].join("\n");
}

describe.each([
  ["cold code", { tier: "cold" }],
  ["hot code", { tier: "hot" }],
  ["code in a domain", { tier: "hot", domain: true }],
] as const)("%s", (_name, options) => {
  it("does what the real processor did, in every vector", { timeout: 120_000 }, () => {
    const runner = new EmulatorRunner(options);
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
  });
});

describe("the count of retired instructions", () => {
  const tests = vectors.map(({ test }) => test).filter((_, i) => i % 8 === 0);
  const countsOf = (runner: EmulatorRunner): number[] => {
    runner.run(tests);
    runner.close();
    return runner.retired;
  };

  it("is the same at both speeds, and however often the processor is stopped", { timeout: 120_000 }, () => {
    const cold = countsOf(new EmulatorRunner({ tier: "cold" }));
    expect(countsOf(new EmulatorRunner({ tier: "hot" }))).toEqual(cold);
    expect(countsOf(new EmulatorRunner({ tier: "cold", slice: 3 }))).toEqual(cold);
    expect(countsOf(new EmulatorRunner({ tier: "hot", slice: 2 }))).toEqual(cold);
  });

  it("is one for one instruction, and two more for the jump and HLT behind it", () => {
    const single = vectors.filter(({ test, expected }) => {
      const lines = disassemble(test.code, Layout.codeBase + test.start, 64);
      return expected.exception === null && lines.length === 1 && !/\brep/.test(lines[0].text);
    });
    const runner = new EmulatorRunner({ tier: "cold" });
    runner.run(single.map(({ test }) => test));
    expect(new Set(runner.retired)).toEqual(new Set([3]));
  });
});

describe("the file of vectors", () => {
  it("is read and written without loss", () => {
    const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
    expect(vectors.map(writeVector)).toEqual(lines);
  });

  it("has several cases of every form", () => {
    expect(vectors.length).toBeGreaterThan(forms.length * 6);
  });
});
