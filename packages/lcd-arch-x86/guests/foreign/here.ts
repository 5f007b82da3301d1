import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Computer } from "../../src/machine/index";
import type { Boot, Program } from "./programs";

const MIB = 2 ** 20;
/** Instructions between two looks at what it has printed. */
const PIECE = 10_000_000;

/** What a program did on the emulated computer. */
export interface Run {
  readonly printed: string;
  /** How it came to an end. */
  readonly ended: string;
  readonly instructions: number;
  /** Of processor time. */
  readonly seconds: number;
}

/** Runs a program until it ends, or has printed its last line, or has used up its instructions. */
export function runHere({ memory, append, lastLine, fuel }: Program, { kernel, modules, cpus }: Boot): Run {
  let printed = "";
  const onSerial = (byte: number) => {
    printed += String.fromCharCode(byte);
  };
  const began = process.cpuUsage();
  const computer = new Computer({ memory: memory * MIB, cpus, onSerial });
  computer.boot(readFileSync(kernel), {
    commandLine: `${basename(kernel)} ${append}`,
    modules: modules.map(({ file, text }) => ({ data: readFileSync(file), text: `${basename(file)} ${text}`.trim() })),
  });
  let ended = "out of instructions";
  while (computer.executed < fuel) {
    const result = computer.runFor(PIECE);
    if (result !== null) ended = result.kind;
    else if (lastLine.test(printed)) ended = "its last line";
    else continue;
    break;
  }
  const { user, system } = process.cpuUsage(began);
  return { printed, ended, instructions: computer.executed, seconds: (user + system) / 1e6 };
}
