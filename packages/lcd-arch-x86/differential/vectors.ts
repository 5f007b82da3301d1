import { type CaseResult, initialState, type TestCase } from "./case";
import { Layout } from "./layout";

/** A case and what the real processor made of it. */
export interface Vector {
  readonly test: TestCase;
  readonly expected: CaseResult;
}

/**
 * One line of a file of vectors, all numbers hexadecimal:
 *
 *     start classes seed code : exception rip rflags error-code address register=value ... @word=value ...
 *
 * `exception` is `-` when there was none; only registers and 8-byte words of memory that changed are listed.
 */
export function writeVector({ test, expected }: Vector): string {
  const before = initialState(test).gpr;
  const head = [test.start, test.classes, test.seed].map(hex);
  const tail = [
    expected.exception === null ? "-" : hex(expected.exception),
    hex(expected.rip - BigInt(Layout.codeBase)),
    hex(expected.rflags),
    hex(expected.errorCode),
    hex(expected.address),
  ];
  for (const [i, value] of expected.gpr.entries()) {
    if (value !== before[i]) {
      tail.push(`${i.toString(16)}=${hex(value)}`);
    }
  }
  const memory = expected.memory.map(([word, value]) => `@${hex(word)}=${hex(value)}`);
  return [...head, Buffer.from(test.code).toString("hex"), ":", ...tail, ...memory].join(" ");
}

/** Reads what `writeVector` wrote; lines that begin with `#` are comments. */
export function readVectors(text: string): Vector[] {
  return text
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map(readVector);
}

function readVector(line: string): Vector {
  const [head, tail] = line.split(" : ").map((part) => part.split(" "));
  const [start, classes, seed] = head.map((word) => Number.parseInt(word, 16));
  const test = { start, classes, seed, code: Uint8Array.from(Buffer.from(head[3], "hex")) };
  const [exception, rip, rflags, errorCode, address, ...changes] = tail;
  const gpr = initialState(test).gpr.slice();
  const memory: [number, bigint][] = [];
  for (const change of changes) {
    const [place, value] = change.split("=");
    if (place.startsWith("@")) {
      memory.push([Number.parseInt(place.slice(1), 16), BigInt(`0x${value}`)]);
    } else {
      gpr[Number.parseInt(place, 16)] = BigInt(`0x${value}`);
    }
  }
  const expected: CaseResult = {
    exception: exception === "-" ? null : Number.parseInt(exception, 16),
    rip: BigInt(`0x${rip}`) + BigInt(Layout.codeBase),
    rflags: Number.parseInt(rflags, 16),
    errorCode: Number.parseInt(errorCode, 16),
    address: BigInt(`0x${address}`),
    gpr,
    memory,
    timedOut: false,
  };
  return { test, expected };
}

function hex(value: number | bigint): string {
  return value.toString(16);
}
