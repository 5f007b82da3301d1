import type { FloatRequest, FloatResult } from "./native";
import { Fxsave, initialState, viewOf } from "./state";

/** A case with the processor's answer. */
export interface FloatVector {
  /** x87, SSE, MMX or control: which of the generators made it. */
  kind: string;
  name: string;
  request: FloatRequest;
  expected: FloatResult;
}

/** What memory has that a case does not say. */
const FILL = 0xa5;
const MEMORY_SIZE = 128;

const hex = (value: number | bigint): string => value.toString(16);
const number = (text: string): number => Number.parseInt(text, 16);
const wide = (text: string): bigint => BigInt(`0x${text}`);

/**
 * Writes a vector as a line: kind, name and code; then registers and memory before and after, and the exception. Numbers
 * are hexadecimal; registers are from ST(0) and XMM0 on, without those at the end that are 0.
 */
export function writeVector({ kind, name, request, expected }: FloatVector): string {
  const { code, rax, rflags } = request;
  return [
    kind,
    name.replaceAll(" ", "_"),
    code.map((byte) => hex(byte).padStart(2, "0")).join(""),
    hex(rax),
    hex(rflags),
    ...stateText(request.state),
    memoryText(request.memory),
    expected.vector === null ? "-" : hex(expected.vector),
    hex(expected.rax),
    hex(expected.rflags),
    ...stateText(expected.state),
    memoryText(expected.memory),
  ].join(" ");
}

/** Reads vectors, one to a line; lines that begin with # are comments. */
export function readVectors(text: string): FloatVector[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(readVector);
}

function readVector(line: string): FloatVector {
  const [kind, name, code, rax, rflags, words, st, xmm, memory, vector, raxAfter, rflagsAfter, ...after] =
    line.split(" ");
  return {
    kind,
    name: name.replaceAll("_", " "),
    request: {
      code: [...Buffer.from(code, "hex")],
      rax: wide(rax),
      rflags: number(rflags),
      memory: readMemory(memory),
      state: readState(words, st, xmm),
    },
    expected: {
      vector: vector === "-" ? null : number(vector),
      rax: wide(raxAfter),
      rflags: number(rflagsAfter),
      state: readState(after[0], after[1], after[2]),
      memory: readMemory(after[3]),
    },
  };
}

/** Control, status, tags and MXCSR; ST registers; XMM registers. */
function stateText(state: Uint8Array): string[] {
  const view = viewOf(state);
  const words = [
    view.getUint16(Fxsave.controlWord, true),
    view.getUint16(Fxsave.statusWord, true),
    view.getUint8(Fxsave.tags),
    view.getUint32(Fxsave.mxcsr, true),
  ];
  const list = (count: number, from: number, bytes: number): string => {
    const values = Array.from({ length: count }, (_, at) => {
      const low = view.getBigUint64(from + at * 16, true);
      const high = view.getBigUint64(from + at * 16 + 8, true);
      return BigInt.asUintN(bytes * 8, (high << 64n) | low);
    });
    while (values.length > 1 && values[values.length - 1] === 0n) {
      values.pop();
    }
    return values.map(hex).join(",");
  };
  return [words.map(hex).join(","), list(8, Fxsave.st, 10), list(16, Fxsave.xmm, 16)];
}

function readState(words: string, st: string, xmm: string): Uint8Array {
  const state = initialState();
  const view = viewOf(state);
  const [control, status, tags, mxcsr] = words.split(",").map(number);
  view.setUint16(Fxsave.controlWord, control, true);
  view.setUint16(Fxsave.statusWord, status, true);
  view.setUint8(Fxsave.tags, tags);
  view.setUint32(Fxsave.mxcsr, mxcsr, true);
  const fill = (values: string, from: number): void => {
    values.split(",").forEach((value, at) => {
      view.setBigUint64(from + at * 16, BigInt.asUintN(64, wide(value)), true);
      view.setBigUint64(from + at * 16 + 8, wide(value) >> 64n, true);
    });
  };
  fill(st, Fxsave.st);
  fill(xmm, Fxsave.xmm);
  return state;
}

function memoryText(memory: Uint8Array): string {
  let length = memory.length;
  while (length > 0 && memory[length - 1] === FILL) {
    length--;
  }
  return length === 0 ? "-" : Buffer.from(memory.subarray(0, length)).toString("hex");
}

function readMemory(text: string): Uint8Array {
  const memory = new Uint8Array(MEMORY_SIZE).fill(FILL);
  if (text !== "-") {
    memory.set(Buffer.from(text, "hex"));
  }
  return memory;
}
