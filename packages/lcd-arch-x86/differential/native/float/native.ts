import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A piece of code, and the state that it starts with: what harness.c takes. */
export interface FloatRequest {
  code: readonly number[];
  rax: bigint;
  rflags: number;
  /** 128 bytes at RDI. */
  memory: Uint8Array;
  /** 512 bytes, as FXSAVE64 stores them. */
  state: Uint8Array;
}

/** What harness.c answers. */
export interface FloatResult {
  /** null: it ran to its end. */
  vector: number | null;
  rax: bigint;
  rflags: number;
  memory: Uint8Array;
  state: Uint8Array;
}

const CODE_MAX = 32;
const REQUEST_SIZE = 8 + CODE_MAX + 16 + 128 + 512;
const RESULT_SIZE = 24 + 128 + 512;
const VECTOR_NONE = 0xff;

/** Runs code on the processor of this computer, through harness.c; needs Linux on x86-64 and gcc. */
export class NativeFloat {
  private readonly folder = mkdtempSync(join(tmpdir(), "lcd-float-"));
  private readonly program = join(this.folder, "harness");

  /** @param source path of harness.c */
  constructor(source: string) {
    execFileSync("gcc", ["-O2", "-o", this.program, source]);
  }

  run(requests: readonly FloatRequest[]): FloatResult[] {
    const child = spawnSync(this.program, { input: encode(requests), maxBuffer: 1 << 30 });
    if (child.error) {
      throw child.error;
    }
    const results = decode(child.stdout);
    if (child.status !== 0 || results.length !== requests.length) {
      throw new Error(`harness ended after ${results.length} of ${requests.length} cases: ${child.stderr}`);
    }
    return results;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function encode(requests: readonly FloatRequest[]): Buffer {
  const buffer = Buffer.alloc(requests.length * REQUEST_SIZE);
  requests.forEach(({ code, rax, rflags, memory, state }, index) => {
    const at = index * REQUEST_SIZE;
    buffer.writeUInt32LE(code.length, at);
    buffer.set(code, at + 8);
    buffer.writeBigUInt64LE(rax, at + 8 + CODE_MAX);
    buffer.writeUInt32LE(rflags, at + 16 + CODE_MAX);
    buffer.set(memory, at + 24 + CODE_MAX);
    buffer.set(state, at + 24 + CODE_MAX + 128);
  });
  return buffer;
}

function decode(buffer: Buffer): FloatResult[] {
  const results: FloatResult[] = [];
  for (let at = 0; at + RESULT_SIZE <= buffer.length; at += RESULT_SIZE) {
    const vector = buffer.readUInt32LE(at);
    results.push({
      vector: vector === VECTOR_NONE ? null : vector,
      rax: buffer.readBigUInt64LE(at + 8),
      rflags: buffer.readUInt32LE(at + 16),
      memory: buffer.subarray(at + 24, at + 152),
      state: buffer.subarray(at + 152, at + RESULT_SIZE),
    });
  }
  return results;
}
