import { type CaseResult, initialState, type TestCase } from "./case";
import { Fx } from "./fx-state";
import { hasFx, kinds } from "./kinds";
import { Layout } from "./layout";
import { SegmentRegister, userDescriptors } from "./segments";
import { codeSegmentBase, linearOf, startSegments } from "./start-segments";

/** Sizes and places of the structures in native/layout.h. */
const Sequence = { size: 8, start: 2, bits: 4, with: 5, states: 6 } as const;
const State = { rflags: 128, rip: 136, segments: 144, window: 160, size: 160 + Layout.windowSize } as const;
const Result = {
  vector: 0,
  changes: 2,
  errorCode: 4,
  rip: 8,
  address: 16,
  gpr: 24,
  rflags: 152,
  segments: 160,
  size: 176,
};
const CHANGE_SIZE = 16;
const With = { fx: 1, segments: 2 } as const;
const MAX_STATES = 0xffff;

const VECTOR_NONE = 0xff;
const VECTOR_TIMEOUT = 0xfe;

/** The harness's input for cases: those that follow each other with the same code are one sequence. */
export function encodeRequests(cases: readonly TestCase[]): Buffer {
  const groups = sequences(cases);
  const descriptors = Buffer.from(userDescriptors().buffer);
  let size = descriptors.length;
  for (const group of groups) {
    const [{ kind, code }] = group;
    size += Sequence.size + padded(code) + group.length * (State.size + (hasFx(kind) ? Fx.size : 0));
  }
  const buffer = Buffer.alloc(size);
  let at = descriptors.copy(buffer);
  for (const group of groups) {
    at = encodeSequence(buffer, at, group);
    for (const test of group) {
      at = encodeState(buffer, at, test);
    }
  }
  return buffer;
}

function sequences(cases: readonly TestCase[]): TestCase[][] {
  const groups: TestCase[][] = [];
  for (const test of cases) {
    const last = groups.at(-1);
    const same = last?.[0].code === test.code && last[0].start === test.start && last[0].kind === test.kind;
    if (last && same && last.length < MAX_STATES) {
      last.push(test);
    } else {
      groups.push([test]);
    }
  }
  return groups;
}

const padded = (code: Uint8Array): number => (code.length + 7) & ~7;

function encodeSequence(buffer: Buffer, at: number, group: readonly TestCase[]): number {
  const [{ kind, code, start }] = group;
  const { bits } = kinds[kind];
  buffer.writeUInt16LE(code.length, at);
  buffer.writeUInt16LE(start, at + Sequence.start);
  buffer[at + Sequence.bits] = bits;
  buffer[at + Sequence.with] = (hasFx(kind) ? With.fx : 0) | (bits === 64 ? 0 : With.segments);
  buffer.writeUInt16LE(group.length, at + Sequence.states);
  buffer.set(code, at + Sequence.size);
  return at + Sequence.size + padded(code);
}

function encodeState(buffer: Buffer, at: number, test: TestCase): number {
  const { gpr, rflags, segments, window, fx } = initialState(test);
  buffer.set(new Uint8Array(gpr.buffer), at);
  buffer.writeUInt32LE(rflags, at + State.rflags);
  buffer.writeUInt32LE(Layout.codeBase + test.start - codeSegmentBase(test), at + State.rip);
  buffer.set(new Uint8Array(segments.buffer), at + State.segments);
  buffer.set(window, at + State.window);
  if (fx) {
    buffer.set(fx, at + State.size);
  }
  return at + State.size + (fx?.length ?? 0);
}

/** What the harness has written about `cases`; fewer when it ended early. */
export function decodeResults(buffer: Buffer, cases: readonly TestCase[]): CaseResult[] {
  const results: CaseResult[] = [];
  let at = 0;
  for (const test of cases) {
    if (at + Result.size > buffer.length) {
      break;
    }
    const after = at + Result.size + buffer.readUInt16LE(at + Result.changes) * CHANGE_SIZE;
    const fx = hasFx(test.kind) ? new Uint8Array(buffer.subarray(after, after + Fx.size)) : null;
    results.push(decodeResult(buffer, at, test, fx));
    at = after + (fx?.length ?? 0);
  }
  return results;
}

function decodeResult(buffer: Buffer, at: number, test: TestCase, fx: Uint8Array | null): CaseResult {
  const vector = buffer[at + Result.vector];
  const wide = kinds[test.kind].bits === 64;
  const gpr = new BigUint64Array(16);
  new Uint8Array(gpr.buffer).set(buffer.subarray(at + Result.gpr, at + Result.rflags));
  const segments = wide ? startSegments(test) : new Uint16Array(6);
  if (!wide) {
    new Uint8Array(segments.buffer).set(buffer.subarray(at + Result.segments, at + Result.segments + 12));
    keepLegacyRegisters(gpr);
  }
  const memory: [number, bigint][] = [];
  for (let from = at + Result.size; memory.length < buffer.readUInt16LE(at + Result.changes); from += CHANGE_SIZE) {
    memory.push([buffer.readUInt32LE(from), buffer.readBigUInt64LE(from + 8)]);
  }
  return {
    exception: vector === VECTOR_NONE ? null : vector,
    errorCode: buffer.readUInt32LE(at + Result.errorCode),
    rip: linearOf(segments[SegmentRegister.cs], buffer.readBigUInt64LE(at + Result.rip)),
    address: buffer.readBigUInt64LE(at + Result.address),
    gpr,
    rflags: buffer.readUInt32LE(at + Result.rflags),
    segments,
    fx,
    memory,
    timedOut: vector === VECTOR_TIMEOUT,
  };
}

/** Keeps what code that is not 64-bit has: the low halves of eight registers. */
export function keepLegacyRegisters(gpr: BigUint64Array): void {
  const words = new Uint32Array(gpr.buffer, gpr.byteOffset, gpr.length * 2);
  for (let i = 0; i < 8; i++) {
    words[i * 2 + 1] = 0;
  }
  words.fill(0, 16);
}
