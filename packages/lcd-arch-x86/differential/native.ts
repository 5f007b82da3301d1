import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CaseResult, type CaseRunner, initialState, type TestCase } from "./case";
import { Layout } from "./layout";

const REQUEST_HEADER = 8 + 16 * 8 + 8 + Layout.windowSize;
const RESULT_HEADER = 24 + 16 * 8 + 8;
const VECTOR_NONE = 0xff;
const VECTOR_TIMEOUT = 0xfe;

/** How many cases one run of the harness takes: bounds the memory that their results need. */
const BATCH = 16_384;

/** Runs cases on the processor that this runs on, through native/harness.c; needs Linux on x86-64 and gcc. */
export class NativeRunner implements CaseRunner {
  readonly name = "native";
  private readonly command: readonly string[];
  private readonly folder: string | null;

  /** @param command a program that does as native/harness.c, and its arguments; `folder` is removed at the end */
  constructor(command: readonly string[], folder: string | null = null) {
    this.command = command;
    this.folder = folder;
  }

  /** Compiles the harness. @param source path of harness.c */
  static build(source: string): NativeRunner {
    const folder = mkdtempSync(join(tmpdir(), "lcd-differential-"));
    const program = join(folder, "harness");
    execFileSync("gcc", ["-O2", "-o", program, source]);
    return new NativeRunner([program], folder);
  }

  run(cases: readonly TestCase[]): CaseResult[] {
    const results: CaseResult[] = [];
    for (let at = 0; at < cases.length; at += BATCH) {
      results.push(...this.batch(cases.slice(at, at + BATCH)));
    }
    return results;
  }

  close(): void {
    if (this.folder) {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private batch(cases: readonly TestCase[]): CaseResult[] {
    const child = spawnSync(this.command[0], this.command.slice(1), {
      input: encodeRequests(cases),
      maxBuffer: 1 << 30,
    });
    if (child.error) {
      throw child.error;
    }
    const results = decodeResults(child.stdout);
    if (child.status !== 0 || results.length !== cases.length) {
      const where = `${results.length} of ${cases.length} cases`;
      throw new Error(`harness ended after ${where}: ${child.signal ?? child.status} ${child.stderr}`);
    }
    return results;
  }
}

function encodeRequests(cases: readonly TestCase[]): Buffer {
  let size = 0;
  for (const { code } of cases) {
    size += REQUEST_HEADER + ((code.length + 7) & ~7);
  }
  const buffer = Buffer.alloc(size);
  let at = 0;
  for (const test of cases) {
    const { gpr, rflags, window } = initialState(test);
    buffer.writeUInt16LE(test.code.length, at);
    buffer.writeUInt16LE(test.start, at + 2);
    buffer.set(new Uint8Array(gpr.buffer), at + 8);
    buffer.writeUInt32LE(rflags, at + 136);
    buffer.set(window, at + 144);
    buffer.set(test.code, at + REQUEST_HEADER);
    at += REQUEST_HEADER + ((test.code.length + 7) & ~7);
  }
  return buffer;
}

function decodeResults(buffer: Buffer): CaseResult[] {
  const results: CaseResult[] = [];
  let at = 0;
  while (at + RESULT_HEADER <= buffer.length) {
    const vector = buffer[at];
    const changes = buffer.readUInt16LE(at + 2);
    const gpr = new BigUint64Array(16);
    new Uint8Array(gpr.buffer).set(buffer.subarray(at + 24, at + 152));
    const memory: [number, bigint][] = [];
    for (let i = 0; i < changes; i++) {
      const from = at + RESULT_HEADER + i * 16;
      memory.push([buffer.readUInt32LE(from), buffer.readBigUInt64LE(from + 8)]);
    }
    results.push({
      exception: vector === VECTOR_NONE ? null : vector,
      errorCode: buffer.readUInt32LE(at + 4),
      rip: buffer.readBigUInt64LE(at + 8),
      address: buffer.readBigUInt64LE(at + 16),
      gpr,
      rflags: buffer.readUInt32LE(at + 152),
      memory,
      timedOut: vector === VECTOR_TIMEOUT,
    });
    at += RESULT_HEADER + changes * 16;
  }
  return results;
}
