import { tmpdir } from "node:os";
import { encodeText } from "elf-image";
import { lcd } from "../program";
import type { Terminal } from "../terminal";

/** What a command left behind. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The lines of standard input. */
  readonly input?: readonly string[];
  /** Is given what a command does when nothing is left that could happen. */
  readonly whenIdle?: (listener: () => void) => void;
}

/** Runs `lcd` with these words, in this process. */
export async function runLcd(words: readonly string[], world: World = {}): Promise<Finished> {
  const out: Uint8Array[] = [];
  let stderr = "";
  const terminal: Terminal = {
    stdout: (data) => {
      out.push(typeof data === "string" ? encodeText(data) : data);
      return true;
    },
    drained: async () => {},
    stderr: (text) => {
      stderr += text;
    },
    cwd: world.cwd ?? tmpdir(),
    environment: { PATH: process.env.PATH, ...world.environment },
    lines: async function* () {
      yield* world.input ?? [];
    },
    whenIdle: (listener) => {
      world.whenIdle?.(listener);
      return () => {};
    },
  };
  const code = await lcd(words, terminal);
  return { code, stdout: Buffer.concat(out).toString("utf8"), stderr };
}
