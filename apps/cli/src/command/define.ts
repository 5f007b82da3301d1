import { Command, CommanderError } from "commander";
import { ExitCode } from "../exit-code";
import type { Terminal } from "../terminal";

/** A command to be given arguments, options and an action; what it says goes to the terminal. */
export function defineCommand(name: string, terminal: Terminal): Command {
  return (
    new Command(`lcd ${name}`)
      .exitOverride()
      .helpOption("-h, --help", "show this")
      // Defaults are told in the descriptions, in the form in which one would type them.
      .configureHelp({ optionDescription: ({ description }) => description })
      .configureOutput({
        writeOut: (text) => void terminal.stdout(text),
        writeErr: (text) => terminal.stderr(text),
        outputError: (text, write) => {
          write(`lcd ${name}: ${text.replace(/^error: /, "").trimEnd()}\nlcd ${name} --help says more.\n`);
        },
      })
  );
}

/**
 * Lets commander read the words, and does what they ask for.
 *
 * @param act gets the command's arguments, then its options; gives the exit code
 * @returns the exit code; that of commander when help was shown, or a word was wrong
 */
export async function runCommand<Args extends unknown[]>(
  command: Command,
  words: readonly string[],
  act: (...args: Args) => Promise<number>,
): Promise<number> {
  let exitCode: number = ExitCode.ok;
  command.action(async (...args: Args) => {
    exitCode = await act(...args);
  });
  try {
    await command.parseAsync([...words], { from: "user" });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  }
}
