import { createInterface } from "node:readline";
import type { LineOptions } from "./terminal";

/** The lines of standard input as they come; with a prompt, a history and editing when a person types them. */
export async function* linesOfStandardInput({ prompt, signal, interrupt }: LineOptions): AsyncGenerator<string> {
  const { stdin, stderr } = process;
  const lines = createInterface({
    input: stdin,
    output: stdin.isTTY ? stderr : undefined,
    terminal: stdin.isTTY,
    prompt: stdin.isTTY ? prompt : "",
  });
  lines.on("SIGINT", interrupt);
  const close = (): void => lines.close();
  signal.addEventListener("abort", close);
  try {
    lines.prompt();
    for await (const line of lines) {
      yield line;
      lines.prompt();
    }
    if (stdin.isTTY) stderr.write("\n");
  } finally {
    signal.removeEventListener("abort", close);
    lines.close();
  }
}
