import { basename } from "node:path";
import { Computer } from "lcd-arch-x86/machine";
import { tellFailure } from "../command/tell-failure";
import { jsonText } from "../json-text";
import type { Terminal } from "../terminal";
import type { KernelOptions } from "./command";
import { bootFiles, readKernelFiles } from "./kernel-files";
import { type KernelEnd, kernelOutcome } from "./outcome";
import { SerialOutput } from "./serial-output";

/** Bytes of input that the kernel has not read, from which on it gets no more. */
const MOST_UNREAD = 65536;

/** Instructions between two looks at whether standard output keeps up. */
const LOOK_INTERVAL = 10_000_000;

/** Runs a kernel as the options say. @returns the exit code */
export async function runKernel(kernel: string, options: KernelOptions, terminal: Terminal): Promise<number> {
  const { memory, cpus, json, verbose, serial } = options;
  try {
    const files = readKernelFiles(kernel, options, terminal.cwd);
    const computer = new Computer({ memory, cpus, onSerial: (byte) => output.write(byte) });
    bootFiles(computer, files);
    // Last: what is no kernel must not cost the serial port's file what it holds.
    const output = SerialOutput.open(serial, json, terminal);
    const end = await runUntilEnd(computer, options, output, terminal).finally(() => output.close());
    const { exitCode, text, matters } = kernelOutcome(end, options);
    const instructions = computer.executed;
    const { screen } = computer;
    if (matters || verbose) terminal.stderr(`${basename(kernel)}: ${text}\n`);
    if (verbose) terminal.stderr(`${instructions} instructions\n`);
    if ((matters || verbose) && screen.length > 0) terminal.stderr(`its screen:\n${indented(screen)}`);
    const told = { kernel, outcome: end.kind, explanation: text, instructions, ...output.kept.json, screen, exitCode };
    if (json) terminal.stdout(jsonText(told));
    return exitCode;
  } catch (error) {
    if (!json) throw error;
    return tellFailure(error, { kernel }, terminal);
  }
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}\n`).join("");

/** Runs it, as fast as its output is read, until it ends or a limit is reached. */
async function runUntilEnd(
  computer: Computer,
  { fuel = Number.POSITIVE_INFINITY, timeout, serial }: KernelOptions,
  output: SerialOutput,
  terminal: Terminal,
): Promise<KernelEnd> {
  const abort = new AbortController();
  let stopped: KernelEnd = { kind: "interrupted" };
  const stop = (why: KernelEnd): void => {
    stopped = why;
    abort.abort();
  };
  const timer = timeout === undefined ? undefined : setTimeout(() => stop({ kind: "timeout" }), timeout * 1000);
  const release = listen(computer, serial, terminal, () => stop({ kind: "interrupted" }));
  try {
    for (;;) {
      const left = fuel - computer.executed;
      const result = await computer.run({ fuel: Math.min(left, LOOK_INTERVAL), signal: abort.signal });
      output.flush();
      if (result.kind === "aborted") return stopped;
      if (result.kind !== "fuel" || computer.executed >= fuel) return result;
      await output.drained();
    }
  } finally {
    clearTimeout(timer);
    release();
  }
}

/** Connects the keyboard to the serial port, if that is where it goes. @returns what ends it */
function listen(computer: Computer, serial: string, terminal: Terminal, interrupt: () => void): () => void {
  if (terminal.keyboard === undefined) return () => {};
  const connected = serial === "stdio";
  computer.expectInput(connected);
  return terminal.keyboard.listen({
    input: (bytes) => connected && computer.receiveSerial(bytes),
    isFull: () => computer.unreadSerial >= MOST_UNREAD,
    end: () => computer.expectInput(false),
    interrupt,
  });
}
