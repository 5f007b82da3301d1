import { type Command, InvalidArgumentError } from "commander";
import { collectNames } from "./name";
import { MIB, parseCount, parseSeconds, parseSize } from "./quantity";

const PAGE = 4096;

/** Options of every command that runs code in a domain. */
export interface MachineOptions {
  /** Bytes of RAM. */
  readonly memory: number;
  readonly cpus: number;
  /** Instructions. */
  readonly fuel?: number;
  /** Seconds. */
  readonly timeout?: number;
  /** Where modules are looked for, besides the examples. */
  readonly modules: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Adds the options that {@link MachineOptions} has. */
export function addMachineOptions(command: Command): Command {
  return command
    .option("-m, --memory <size>", "RAM of the machine: 16M, 1G (default: 64M)", parseMemory, 64 * MIB)
    .option("--cpus <number>", "its processors, 1 to 32 (default: 2)", parseProcessors, 2)
    .option("--fuel <instructions>", "kill the domain after so many instructions: 500K, 10M", parseCount)
    .option("--timeout <seconds>", "kill the domain after so much time", parseSeconds)
    .option("--modules <directory>", "look for modules there too (may be given again)", collectNames, [])
    .option("--json", "print one JSON object, with everything in it", false)
    .option("-v, --verbose", "show the host's kernel log, and what was used", false)
    .addHelpText("after", "\nSizes: K, M and G are powers of 1024 for bytes, and of 1000 for instructions.");
}

/** `--memory`: bytes, in whole pages. */
export function parseMemory(text: string): number {
  const bytes = parseSize(text);
  if (bytes < 2 * MIB || bytes > 3072 * MIB) throw new InvalidArgumentError("It must be 2M to 3G.");
  return Math.ceil(bytes / PAGE) * PAGE;
}

/** `--cpus`. */
export function parseProcessors(text: string): number {
  const cpus = /^\d+$/.test(text) ? Number(text) : 0;
  if (cpus < 1 || cpus > 32) throw new InvalidArgumentError("It must be 1 to 32.");
  return cpus;
}

/** Gathers what is given more than once. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
