import { commands } from "./commands";
import { UsageError } from "./errors";
import { ExitCode } from "./exit-code";
import type { Terminal } from "./terminal";

/**
 * The program: finds the command that the first word names, and runs it.
 *
 * @param words the command line behind `lcd`
 * @returns the exit code
 */
export async function lcd(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(words, terminal);
  } catch (error) {
    return reportError(error, words, terminal);
  }
}

async function dispatch(words: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...args] = words;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return showHelp(words, terminal);
  if (name === "--version" || name === "-V") return showVersion(terminal);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) throw await unknownCommand(name);
  return (await command.load())(args, terminal);
}

async function showHelp([name, ...topic]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === "help" && topic.length > 0) return dispatch([...topic, "--help"], terminal);
  const { help } = await import("./help");
  if (name !== undefined) {
    terminal.stdout(help());
    return ExitCode.ok;
  }
  terminal.stderr(help());
  return ExitCode.usage;
}

async function showVersion(terminal: Terminal): Promise<number> {
  const { version } = await import("./version");
  terminal.stdout(`${await version()}\n`);
  return ExitCode.ok;
}

async function unknownCommand(name: string): Promise<UsageError> {
  const { didYouMean } = await import("./suggest");
  const names = commands.map((command) => command.name);
  const looksLikeModule = /\.ko(\.\w+)?$/.test(name) ? `; to run a module: lcd run ${name}` : "";
  return new UsageError(
    `there is no command ${name || '""'}${didYouMean(name, names) || looksLikeModule || "; lcd --help lists the commands"}`,
  );
}

async function reportError(error: unknown, words: readonly string[], terminal: Terminal): Promise<number> {
  const { failureOf } = await import("./failure");
  const failure = failureOf(error);
  const debug = terminal.environment.LCD_DEBUG === "1";
  if (failure !== null) {
    terminal.stderr(`lcd: ${failure.message}\n`);
    if (debug && error instanceof Error) terminal.stderr(`${error.stack}\n`);
    return failure.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = debug && error instanceof Error ? `${error.stack}\n` : "";
  const how = debug ? "" : `LCD_DEBUG=1 lcd ${words[0]} ... shows where it happened.\n`;
  terminal.stderr(`lcd: ${message}\n${stack}This is a bug in LCD, not a mistake of yours. ${how}`.trimEnd());
  terminal.stderr("\n");
  return ExitCode.bug;
}
