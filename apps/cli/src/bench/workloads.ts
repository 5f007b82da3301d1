import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../exit-code";
import type { Terminal } from "../terminal";
import { packageDirectory } from "./processes";

/** Runs the workloads of the repository's `bench/`, which prints its own table. */
export async function runWorkloads(repeat: number, terminal: Terminal): Promise<number> {
  const script = join(packageDirectory(), "../../bench/run.mjs");
  if (!existsSync(script)) {
    terminal.stderr("Workloads are left out: they are in the repository of LCD (bench/), not in this package.\n");
    return ExitCode.ok;
  }
  terminal.stderr(
    "Workloads: SHA-256, CRC-32, sieve, quicksort ... in every place that is installed; this takes minutes.\n",
  );
  return new Promise((resolve, reject) => {
    const args = [script, "--places", "native,qemu,v86,lcd,domain", "--rounds", String(repeat)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (data: Buffer) => terminal.stdout(data));
    child.stderr.on("data", (data: Buffer) => terminal.stderr(data.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? ExitCode.failed));
  });
}
