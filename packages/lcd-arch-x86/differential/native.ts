import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CaseResult, CaseRunner, TestCase } from "./case";
import { decodeResults, encodeRequests } from "./protocol";

const sources = ["harness.c", "enter.c"];

/** How many cases one run of the harness takes: bounds the memory that their results need. */
const BATCH = 16_384;

/** Runs cases on the processor that this runs on, through the harness in native/; needs Linux on x86-64 and gcc. */
export class NativeRunner implements CaseRunner {
  readonly name = "native";
  readonly isUser = true;
  private readonly command: readonly string[];
  private readonly folder: string | null;

  /** @param command a program that does as the harness, and its arguments; `folder` is removed at the end */
  constructor(command: readonly string[], folder: string | null = null) {
    this.command = command;
    this.folder = folder;
  }

  /** Compiles the harness. @param native where its sources lie */
  static build(native: string): NativeRunner {
    const folder = mkdtempSync(join(tmpdir(), "lcd-differential-"));
    const program = join(folder, "harness");
    const files = sources.map((name) => join(native, name));
    execFileSync("gcc", ["-O2", "-fno-stack-protector", "-o", program, ...files]);
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
    const results = decodeResults(child.stdout, cases);
    if (child.status !== 0 || results.length !== cases.length) {
      const where = `${results.length} of ${cases.length} cases`;
      throw new Error(`harness ended after ${where}: ${child.signal ?? child.status} ${child.stderr}`);
    }
    return results;
  }
}
