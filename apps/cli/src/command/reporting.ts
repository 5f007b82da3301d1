import { failureOf } from "../failure";
import { DomainConsole } from "../run/domain-console";
import type { Outcome } from "../run/outcome";
import type { Terminal } from "../terminal";

/**
 * Runs something in a domain and tells how it ended: words to standard error, with `json` one object to standard
 * output, which also has what the domain printed.
 *
 * @returns the exit code
 */
export async function reporting(
  module: string,
  json: boolean,
  terminal: Terminal,
  act: (console: DomainConsole) => Promise<Outcome>,
): Promise<number> {
  const console = new DomainConsole(terminal, json);
  const print = (object: object): unknown => json && terminal.stdout(`${JSON.stringify(object, null, 2)}\n`);
  try {
    const outcome = await act(console);
    terminal.stderr(outcome.text);
    print({ ...outcome.json, console: console.text, exitCode: outcome.exitCode });
    return outcome.exitCode;
  } catch (error) {
    const failure = json ? failureOf(error) : null;
    if (failure === null) throw error;
    const { message, code, exitCode } = failure;
    terminal.stderr(`lcd: ${message}\n`);
    print({ module, outcome: "failed", error: code, message, exitCode });
    return exitCode;
  }
}
