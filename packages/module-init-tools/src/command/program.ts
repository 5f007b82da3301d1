import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import { baseName } from "../files/path";
import { UsageError } from "./getopt";
import { Log } from "./log";

/** What every tool answers to `--version`. */
export const VERSION_TEXT = "module tools of LCD, compatible with kmod version 30\n";

/**
 * Runs the body of a tool; whatever a user can cause becomes one sentence on standard error and exit code 1.
 *
 * @param argv the program's name first, as in C
 * @param fallbackName the name when `argv` is empty
 */
export async function runProgram(
  argv: readonly string[],
  fallbackName: string,
  env: ToolEnvironment,
  body: (args: readonly string[], log: Log) => Promise<number>,
): Promise<number> {
  const [program = fallbackName, ...args] = argv;
  const log = new Log(baseName(program), (text) => env.stderr(text));
  try {
    return await body(args, log);
  } catch (error) {
    if (error instanceof UsageError) log.usage(error.message);
    else if (error instanceof ToolError) log.error(error.message);
    else if (errorCodeOf(error) !== null) log.fatal(describeError(error));
    else throw error;
    return 1;
  }
}
