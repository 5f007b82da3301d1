import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { agrees } from "./agreement";
import { controlOutcome } from "./control";
import { EmulatedFloat } from "./emulator";
import { wholeOutcome } from "./mmx";
import { sseExpected, sseOperations, sseOutcome } from "./sse";
import { Fxsave, viewOf } from "./state";
import { type FloatVector, readVectors, writeVector } from "./vectors";
import { type X87Case, x87Expected, x87Operations, x87Outcome } from "./x87";

const text = readFileSync(new URL("./vectors.txt", import.meta.url), "utf8");
const vectors = readVectors(text);
const ofKind = (kind: string): FloatVector[] => vectors.filter((vector) => vector.kind === kind);

function x87Case({ name, request }: FloatVector): X87Case {
  const operation = x87Operations.find(
    (candidate) =>
      candidate.name === name &&
      candidate.code[0] === request.code[0] &&
      (candidate.register ? candidate.code[1] === (request.code[1] & 0xf8) : candidate.code[1] === request.code[1]),
  );
  if (operation === undefined) {
    throw new Error(`no operation ${name}`);
  }
  const implied = name.includes("pp ") ? 1 : 0;
  return { operation, i: operation.register ? request.code[1] & 7 : implied, request };
}

describe("x87 arithmetic", () => {
  it("gives the results and flags of the real processor, in every vector", () => {
    const wrong = ofKind("x87").filter((vector) => {
      const test = x87Case(vector);
      return !agrees(test, x87Outcome(test, vector.expected), x87Expected(test));
    });
    expect(wrong.map(writeVector)).toEqual([]);
  });
});

describe("SSE arithmetic", () => {
  it("gives the results and flags of the real processor, in every vector", () => {
    for (const vector of ofKind("sse")) {
      const operation = sseOperations.find(({ name }) => name === vector.name);
      if (operation === undefined) {
        throw new Error(`no operation ${vector.name}`);
      }
      const view = viewOf(vector.request.state);
      const mxcsr = view.getUint32(Fxsave.mxcsr, true);
      const [a, b] = [view.getBigUint64(Fxsave.xmm, true), view.getBigUint64(Fxsave.xmm + 16, true)];
      const test = { operation, mxcsr, a, b };
      expect(sseExpected(test), writeVector(vector)).toEqual(sseOutcome(test, vector.expected));
    }
  });
});

describe("translated code", () => {
  it("executes x87 instructions as the real processor did", { timeout: 60_000 }, () => {
    const emulator = new EmulatedFloat();
    const wrong = ofKind("x87").filter((vector) => {
      const test = x87Case(vector);
      return !agrees(test, x87Outcome(test, vector.expected), x87Outcome(test, emulator.run(vector.request)));
    });
    expect(wrong.map(writeVector)).toEqual([]);
  });

  it("executes MMX instructions as the real processor did", { timeout: 60_000 }, () => {
    const emulator = new EmulatedFloat();
    for (const vector of ofKind("mmx")) {
      expect(wholeOutcome(emulator.run(vector.request)), writeVector(vector)).toEqual(wholeOutcome(vector.expected));
    }
  });

  it("stores and loads the x87 state as the real processor did", { timeout: 60_000 }, () => {
    const emulator = new EmulatedFloat();
    for (const vector of ofKind("control")) {
      const { name, request, expected } = vector;
      expect(controlOutcome({ name, request }, emulator.run(request)), writeVector(vector)).toEqual(
        controlOutcome({ name, request }, expected),
      );
    }
  });
});

describe("the file of vectors", () => {
  it("is read and written without loss", () => {
    expect(vectors.map(writeVector)).toEqual(text.split("\n").filter((line) => line && !line.startsWith("#")));
  });

  it("has every x87 operation", () => {
    const names = new Set(ofKind("x87").map(({ name }) => name));
    expect(x87Operations.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([]);
  });
});
