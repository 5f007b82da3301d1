import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ToolEnvironment } from "module-init-tools";
import { CommandError, UsageError } from "../errors";
import { ExitCode } from "../exit-code";
import { failureOf } from "../failure";
import type { ModuleSource } from "../module-files/module-source";
import { readBytes } from "../read-bytes";
import type { Terminal } from "../terminal";
import type { HostCommandOptions } from "./command";
import { hostFiles } from "./host-files";
import { parseScript, type ScriptCommand } from "./script";
import { type HostEnd, HostSession } from "./session";

/** What a shell says of a program that Ctrl-C ended: 128, and the number of SIGINT. */
const INTERRUPTED = 130;

const decoder = new TextDecoder();

/** Runs a script in a host of its own. @returns the exit code @throws CommandError, KernelError */
export async function runHost(
  script: string | undefined,
  options: HostCommandOptions,
  terminal: Terminal,
): Promise<number> {
  if (script !== undefined && options.command !== undefined) throw new UsageError("host: a file or -c, not both");
  // First: a script with a mistake runs not at all.
  const text = script === undefined ? options.command : decoder.decode(readBytes(resolve(terminal.cwd, script)));
  const commands = text === undefined ? null : parseScript(text);
  const { errexit, fuel, timeout, memory, cpus, verbose } = options;
  const log = verbose ? (line: string) => terminal.stderr(line) : undefined;
  const runShell = options.shell === undefined ? undefined : shell(options.shell, terminal);
  const session = new HostSession(
    sourceOf(options, terminal.cwd),
    { memory, cpus, fuel, timeout, log, runShell },
    terminal,
  );
  const timer = timeout === undefined ? undefined : setTimeout(() => session.stop("timeout"), timeout * 1000);
  const release = terminal.whenIdle?.(() => session.stop("stuck"));
  try {
    const code = commands === null ? await runTyped(session, errexit) : await runAll(session, commands, errexit);
    const left = await session.wait();
    if (session.end !== null) return ended(session.end, timeout, terminal);
    return code === ExitCode.ok && errexit ? left : code;
  } finally {
    clearTimeout(timer);
    release?.();
    session.close();
  }
}

/** Runs commands one after the other. @returns the exit code of the last that ran */
async function runAll(session: HostSession, commands: readonly ScriptCommand[], errexit: boolean): Promise<number> {
  let code: number = ExitCode.ok;
  for (const command of commands) {
    code = await session.run(command);
    if (session.isOver || (errexit && code !== ExitCode.ok)) break;
  }
  return code;
}

/** Runs what comes from standard input, line by line. */
async function runTyped(session: HostSession, errexit: boolean): Promise<number> {
  let code: number = ExitCode.ok;
  let number = 0;
  const { terminal, signal } = session;
  const lines = terminal.lines?.({ prompt: "lcd# ", signal, interrupt: () => session.stop("interrupted") }) ?? [];
  for await (const line of lines) {
    code = await runLine(session, line, ++number, errexit);
    if (session.isOver || (errexit && code !== ExitCode.ok)) break;
  }
  return code;
}

/** Whoever types gets to know a mistake, and types on. */
async function runLine(session: HostSession, line: string, number: number, errexit: boolean): Promise<number> {
  try {
    return await runAll(session, parseScript(line, number), errexit);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) throw error;
    session.terminal.stderr(`${failure.message}\n`);
    return failure.exitCode;
  }
}

function ended(end: HostEnd, timeout: number | undefined, terminal: Terminal): number {
  if (end === "interrupted") return INTERRUPTED;
  const why =
    end === "timeout" ? `${timeout} seconds have passed (--timeout)` : "nothing is left that could end what waits";
  terminal.stderr(`lcd host: ${why}\n`);
  return ExitCode.killed;
}

function sourceOf({ modules, config }: HostCommandOptions, cwd: string): ModuleSource {
  const directory = resolve(cwd, modules);
  const configuration = config === undefined ? undefined : resolve(cwd, config);
  if (!existsSync(join(directory, "modules.dep"))) {
    throw new CommandError(
      `--modules ${modules}: there is no modules.dep in it; lcd depmod makes one, in lib/modules/<release>`,
      undefined,
      "ENOENT",
    );
  }
  if (configuration !== undefined && !statSync(configuration).isDirectory()) {
    throw new CommandError(`--config ${config}: it is no directory`, undefined, "ENOTDIR");
  }
  return { name: "", files: hostFiles(directory, configuration), directory };
}

/** Runs commands of `modprobe.d` with a program of this machine. */
function shell(program: string, terminal: Terminal): NonNullable<ToolEnvironment["runShell"]> {
  return (command, variables) => {
    const env = { ...terminal.environment, ...variables };
    const { stdout, stderr, status, error } = spawnSync(program, ["-c", command], {
      cwd: terminal.cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: Number.POSITIVE_INFINITY,
    });
    if (error !== undefined)
      throw new CommandError(`--shell ${program}: ${failureOf(error)?.message ?? error.message}`);
    terminal.stdout(new Uint8Array(stdout));
    terminal.stderr(stderr.toString("utf8"));
    return status ?? ExitCode.failed;
  };
}
