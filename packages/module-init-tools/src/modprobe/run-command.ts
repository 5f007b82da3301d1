import type { ToolEnvironment } from "../environment";

/** What modprobe.d commands write for the parameters from the command line. */
const PARAMETERS = "$CMDLINE_OPTS";

/** A command with the parameters from the command line in their place. */
export function withParameters(command: string, parameters: string): string {
  return command.replaceAll(PARAMETERS, () => parameters);
}

/**
 * Runs an install or remove command in the shell of the environment.
 *
 * @returns its exit code; null when the environment has no shell
 */
export async function runCommand(env: ToolEnvironment, module: string, command: string): Promise<number | null> {
  return (await env.runShell?.(command, { MODPROBE_MODULE: module })) ?? null;
}

/** Why a command is not run without a shell. */
export function noShell(command: string): string {
  return `modprobe.d says to run '${command}', and there is no shell here (see -i)`;
}
