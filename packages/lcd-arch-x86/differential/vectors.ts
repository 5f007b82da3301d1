import { type CaseResult, initialState, type TestCase } from "./case";
import type { KindName } from "./kinds";
import { Layout } from "./layout";

/** A case and what the real processor made of it. */
export interface Vector {
  readonly test: TestCase;
  readonly expected: CaseResult;
}

/**
 * One line of a file of vectors, all numbers hexadecimal:
 *
 *     start classes seed code : exception rip rflags error-code address place=value ...
 *
 * `exception` is `-` when there was none. Only places that changed are listed: the numbers of general-purpose registers,
 * `s` and the numbers of segment registers, `x` and `@` and those of 8-byte words of the FXSAVE image and of memory.
 */
export function writeVector({ test, expected }: Vector): string {
  const before = initialState(test);
  const head = [test.start, test.classes, test.seed].map(hex);
  const tail = [
    expected.exception === null ? "-" : hex(expected.exception),
    hex(expected.rip - BigInt(Layout.codeBase)),
    hex(expected.rflags),
    hex(expected.errorCode),
    hex(expected.address),
  ];
  const changes = [
    ...changed("", before.gpr, expected.gpr),
    ...changed("s", before.segments, expected.segments),
    ...changed("x", wordsOf(before.fx), wordsOf(expected.fx)),
  ];
  const memory = expected.memory.map(([word, value]) => `@${hex(word)}=${hex(value)}`);
  return [...head, Buffer.from(test.code).toString("hex"), ":", ...tail, ...changes, ...memory].join(" ");
}

function changed<T extends number | bigint>(prefix: string, before: ArrayLike<T>, after: ArrayLike<T>): string[] {
  return Array.from(after).flatMap((value, i) => (value === before[i] ? [] : [`${prefix}${hex(i)}=${hex(value)}`]));
}

function wordsOf(fx: Uint8Array | null): BigUint64Array {
  return fx ? new BigUint64Array(fx.buffer, fx.byteOffset, fx.length / 8) : new BigUint64Array(0);
}

/** Reads what `writeVector` wrote; lines that begin with `#` are comments. */
export function readVectors(text: string, kind: KindName): Vector[] {
  return text
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => readVector(line, kind));
}

function readVector(line: string, kind: KindName): Vector {
  const [head, tail] = line.split(" : ").map((part) => part.split(" "));
  const [start, classes, seed] = head.map((word) => Number.parseInt(word, 16));
  const test = { kind, start, classes, seed, code: Uint8Array.from(Buffer.from(head[3], "hex")) };
  const [exception, rip, rflags, errorCode, address, ...changes] = tail;
  const { gpr, segments, fx } = initialState(test);
  const fxWords = wordsOf(fx);
  const memory: [number, bigint][] = [];
  for (const change of changes) {
    const [place, value] = change.split("=");
    const number = Number.parseInt(place.replace(/^[@sx]/, ""), 16);
    const data = BigInt(`0x${value}`);
    switch (place[0]) {
      case "@":
        memory.push([number, data]);
        break;
      case "s":
        segments[number] = Number(data);
        break;
      case "x":
        fxWords[number] = data;
        break;
      default:
        gpr[number] = data;
    }
  }
  const expected: CaseResult = {
    exception: exception === "-" ? null : Number.parseInt(exception, 16),
    rip: BigInt(`0x${rip}`) + BigInt(Layout.codeBase),
    rflags: Number.parseInt(rflags, 16),
    errorCode: Number.parseInt(errorCode, 16),
    address: BigInt(`0x${address}`),
    gpr,
    segments,
    fx,
    memory,
    timedOut: false,
  };
  return { test, expected };
}

function hex(value: number | bigint): string {
  return value.toString(16);
}
