/** What a command sees of the world around it: tests give it another one than a shell does. */
export interface Terminal {
  /**
   * Writes to standard output.
   *
   * @returns false when whoever reads it is slower than we write: better wait for {@link drained}
   */
  stdout(data: string | Uint8Array): boolean;
  /** Resolves when standard output takes more. */
  drained(): Promise<void>;
  /** Writes text for a person, newlines included. */
  stderr(text: string): void;
  /** The directory in which relative paths start. */
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The terminal of the process that we are. */
export function processTerminal(): Terminal {
  return {
    stdout: (data) => process.stdout.write(data),
    drained: () => new Promise((resolve) => process.stdout.once("drain", resolve)),
    stderr: (text) => void process.stderr.write(text),
    cwd: process.cwd(),
    environment: process.env,
  };
}
