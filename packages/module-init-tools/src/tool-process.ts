import { Log } from "./command/log";
import type { ToolEnvironment } from "./environment";
import { describeError, errorCodeOf } from "./errno";
import { nodeEnvironment } from "./node";

/** What a shell says of a program that was ended by SIGPIPE, as kmod's are when nobody reads on; Node ignores it. */
const ENDED_BY_SIGPIPE = 128 + 13;

/** Runs a tool as a program: exit code set, and whatever goes wrong said in a sentence. */
export async function runTool(
  name: string,
  tool: (argv: readonly string[], env: ToolEnvironment) => Promise<number>,
): Promise<void> {
  const log = new Log(name, (text) => nodeEnvironment().stderr(text));
  process.stdout.on("error", (error) => {
    if (errorCodeOf(error) === "EPIPE") process.exit(ENDED_BY_SIGPIPE);
    log.fatal(`could not write to standard output: ${describeError(error)}`);
    process.exit(1);
  });
  // There is nobody left to tell; the work goes on.
  process.stderr.on("error", () => undefined);
  try {
    process.exitCode = await tool([name, ...process.argv.slice(2)], nodeEnvironment());
  } catch (error) {
    log.fatal(`${describeError(error)} (a bug in ${name}, not a mistake of yours; LCD_DEBUG=1 shows where)`);
    if (process.env.LCD_DEBUG === "1" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}
