import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { testModulesDirectory } from "liblcd";
import { MIB } from "../command/quantity";
import { CommandError } from "../errors";
import { type Measurement, median } from "./measure";

/** This package's directory: the nearest one upwards with `bin/lcd.cjs` in it. */
export function packageDirectory(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    if (existsSync(join(directory, "bin", "lcd.cjs"))) return directory;
    if (directory === dirname(directory)) throw new CommandError("bin/lcd.cjs of lcd-cli is not there");
  }
}

function lcdCommand(...words: string[]): string[] {
  return [join(packageDirectory(), "bin", "lcd.cjs"), ...words];
}

/** `lcd run hello` against `node -e 0`, in turns, so that both meet the same machine. */
export async function measureStart(repeat: number): Promise<Measurement> {
  const empty: number[] = [];
  const hello: number[] = [];
  for (let i = 0; i <= repeat; i++) {
    const times = [await runNode(["-e", "0"]), await runNode(lcdCommand("run", "hello"))];
    // The first turn finds the disk cache cold.
    if (i === 0) continue;
    empty.push(times[0].milliseconds);
    hello.push(times[1].milliseconds);
  }
  const ratio = median(hello) / median(empty);
  return {
    title: "lcd run hello, against node -e 0",
    name: "start",
    ratio,
    unit: "times its time",
    goal: "at most 4",
    met: ratio <= 4,
    parts: [
      { name: "lcd run hello", value: median(hello), unit: "ms" },
      { name: "node -e 0", value: median(empty), unit: "ms" },
    ],
  };
}

/** The largest resident size of a run in which the domain uses all of the machine's RAM, less that RAM. */
export async function measureMemory(): Promise<Measurement> {
  const ram = 64 * MIB;
  const path = join(testModulesDirectory, "exhaust-memory.ko");
  // The module ends with -ENOMEM, when it has got all there is.
  const full = await runNode([...REPORT_PEAK, ...lcdCommand("run", path, "--memory", "64M")], 1);
  const empty = await runNode([...REPORT_PEAK, "-e", "0"]);
  const above = (full.peak - ram) / 1e6;
  return {
    title: "memory, at most, above the machine's RAM",
    name: "memory",
    ratio: above,
    unit: "MB",
    goal: "at most 150",
    met: above <= 150,
    parts: [
      { name: "a domain that takes all of 64M", value: full.peak / 1e6, unit: "MB" },
      { name: "node -e 0", value: empty.peak / 1e6, unit: "MB" },
    ],
  };
}

/** Makes Node tell the largest resident size in KiB, when the process ends, on file descriptor 3. */
const REPORT_PEAK = [
  "--import",
  `data:text/javascript,import { writeSync } from "node:fs";
   process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));`,
] as const;

interface Finished {
  readonly milliseconds: number;
  /** Largest resident size in bytes, when it was told. */
  readonly peak: number;
}

/** Runs Node with these arguments to its end. @throws CommandError when its exit code is another */
function runNode(args: readonly string[], expected = 0): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    let said = "";
    let peak = "";
    child.stdio[2]?.on("data", (data) => {
      said += data;
    });
    child.stdio[3]?.on("data", (data) => {
      peak += data;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      const milliseconds = performance.now() - start;
      if (code === expected) resolve({ milliseconds, peak: Number(peak) * 1024 });
      else reject(new CommandError(`node ${args.join(" ")} ended with exit code ${code}: ${said.trim()}`));
    });
  });
}
