import { jsonText } from "../json-text";
import { DomainConsole } from "../run/domain-console";
import type { Outcome } from "../run/outcome";
import type { Terminal } from "../terminal";
import { tellFailure } from "./tell-failure";

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
  try {
    const outcome = await act(console);
    terminal.stderr(outcome.text);
    if (json) terminal.stdout(jsonText({ ...outcome.json, ...console.json, exitCode: outcome.exitCode }));
    return outcome.exitCode;
  } catch (error) {
    if (!json) throw error;
    return tellFailure(error, { module }, terminal);
  }
}
