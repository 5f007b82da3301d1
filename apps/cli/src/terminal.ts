import { encodeText } from "elf-image";
import { CommandError } from "./errors";
import { ExitCode } from "./exit-code";

/** What a command sees of the world around it: tests give it another one than a shell does. */
export interface Terminal {
  /**
   * Writes to standard output.
   *
   * @param data bytes or text; text may have bytes in it that are no UTF-8, as `decodeText` of elf-image gives them
   * @returns false when whoever reads it is slower than we write: better wait for {@link drained}
   */
  stdout(data: string | Uint8Array): boolean;
  /** Resolves when standard output takes more. */
  drained(): Promise<void>;
  /** Writes text for a person, newlines included; for its bytes see {@link stdout}. */
  stderr(text: string): void;
  /** Whether that person watches a terminal, where a line can be written again. */
  readonly isWatched?: boolean;
  /** The directory in which relative paths start. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What a person or a program types at us; none where nobody does. */
  readonly keyboard?: Keyboard;
  /** The same line by line, edited before we see it. */
  lines?(options: LineOptions): AsyncIterable<string>;
  /**
   * Calls a listener when nothing is left that could happen: what we wait for will not come.
   *
   * @returns what ends it
   */
  whenIdle?(listener: () => void): () => void;
}

export interface LineOptions {
  /** Shown to a person before each line. */
  readonly prompt: string;
  /** Ends the lines. */
  readonly signal: AbortSignal;
  /** Called for Ctrl-C. */
  interrupt(): void;
}

/** Standard input, and the wish to stop. */
export interface Keyboard {
  /**
   * Begins to read, each key as it is pressed.
   *
   * @returns what ends it
   */
  listen(listener: KeyboardListener): () => void;
}

export interface KeyboardListener {
  input(bytes: Uint8Array): void;
  /** Whether there is enough for now: a file or a pipe waits, and what is typed is lost. */
  isFull(): boolean;
  /** No more input comes. */
  end(): void;
  /** Ctrl-C, or a signal that asks us to end. */
  interrupt(): void;
}

/** The terminal of the process that we are. */
export function processTerminal(): Terminal {
  return {
    stdout: (data) => process.stdout.write(bytesOf(data)),
    drained: () => new Promise((resolve) => process.stdout.once("drain", resolve)),
    stderr: (text) => void process.stderr.write(bytesOf(text)),
    isWatched: process.stderr.isTTY === true,
    get cwd() {
      return currentDirectory();
    },
    environment: process.env,
    keyboard: { listen: listenToStandardInput },
    lines: async function* (options) {
      const { linesOfStandardInput } = await import("./line-reader");
      yield* linesOfStandardInput(options);
    },
    whenIdle: (listener) => {
      process.on("beforeExit", listener);
      return () => process.off("beforeExit", listener);
    },
  };
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? encodeText(data) : data;
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw new CommandError("the directory that this was started in is not there any more", ExitCode.failed, "ENOENT");
  }
}

const CTRL_C = 3;
/** Milliseconds after which somebody who had enough input is asked again. */
const ASK_AGAIN = 20;

function listenToStandardInput({ input, isFull, end, interrupt }: KeyboardListener): () => void {
  const { stdin } = process;
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let pause: NodeJS.Timeout | undefined;
  const goOn = (): void => {
    pause = isFull() ? setTimeout(goOn, ASK_AGAIN) : undefined;
    if (pause === undefined) stdin.resume();
    else stdin.pause();
  };
  const data = (bytes: Uint8Array): void => {
    // Without line editing the terminal does not make a signal of Ctrl-C either: it has to be read at any time.
    if (stdin.isTTY && bytes.includes(CTRL_C)) interrupt();
    else if (!stdin.isTTY || !isFull()) input(bytes);
    if (!stdin.isTTY && isFull()) goOn();
  };
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on("data", data).on("end", end).on("error", end);
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    clearTimeout(pause);
    stdin.off("data", data).off("end", end).off("error", end).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    for (const signal of signals) process.off(signal, interrupt);
  };
}
