import type { ComputerResult } from "lcd-arch-x86/machine";
import { ExitCode } from "../exit-code";
import type { KernelOptions } from "./command";

/** What shells give a process that Ctrl-C has ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Why the program is over: what its computer says, or that we have stopped it. */
export type KernelEnd = Exclude<ComputerResult, { kind: "aborted" }> | { kind: "timeout" } | { kind: "interrupted" };

/** How a program ended, for the shell and for a person. */
export interface KernelOutcome {
  readonly exitCode: number;
  /** A sentence. */
  readonly text: string;
  /** Whether it is told even when nobody asks. */
  readonly matters: boolean;
}

/** The outcome of a program on an emulated computer. */
export function kernelOutcome(end: KernelEnd, { fuel, timeout }: KernelOptions): KernelOutcome {
  const stopped = (text: string): KernelOutcome => ({ exitCode: ExitCode.killed, text, matters: true });
  switch (end.kind) {
    case "exit":
      return { exitCode: end.code & 0xff, text: `it has left with exit code ${end.code & 0xff}`, matters: false };
    case "power-off":
      return { exitCode: ExitCode.ok, text: "it has turned the power off", matters: false };
    case "reset":
      return stopped("it has reset the computer");
    case "shutdown":
      return stopped(
        `processor ${end.processor} has shut down: an exception in the delivery of a double fault (triple fault)\n${end.report}`,
      );
    case "halted":
      return stopped("all processors are halted, and nothing will wake them");
    case "fuel":
      return stopped(`it has run ${fuel} instructions, and more fuel it was not given (--fuel)`);
    case "timeout":
      return stopped(`${timeout} seconds have passed (--timeout)`);
    case "interrupted":
      return { exitCode: INTERRUPTED, text: "interrupted", matters: true };
  }
}
