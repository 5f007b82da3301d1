import { failureOf } from "../failure";
import { jsonText } from "../json-text";
import type { Terminal } from "../terminal";

/**
 * Tells why a command with `--json` failed: a sentence to standard error, an object to standard output.
 *
 * @param error what was thrown; it is thrown again when it was not meant to happen
 * @param about what the object begins with: which module, which kernel
 * @param changes to what the failure says itself
 * @returns the exit code
 */
export function tellFailure(
  error: unknown,
  about: object,
  terminal: Terminal,
  changes: { readonly exitCode?: number } = {},
): number {
  const failure = failureOf(error);
  if (failure === null) throw error;
  const { message, code, exitCode } = { ...failure, ...changes };
  terminal.stderr(`lcd: ${message}\n`);
  terminal.stdout(jsonText({ ...about, outcome: "failed", error: code, message, exitCode }));
  return exitCode;
}
