import { CommandError } from "./errors";
import { ExitCode } from "./exit-code";

/** Why a command failed, as a person or a program wants to know it. */
export interface Failure {
  readonly message: string;
  /** `ENOENT`, `ENOEXEC` ...; `null` when no code says it. */
  readonly code: string | null;
  readonly exitCode: number;
}

/**
 * Errors whose message is for people: LCD's own. Known by name, because a class may be there more than once: each
 * command is built with its own copy of what it needs.
 */
const forPeople = new Set([
  "CommandError",
  "CompileError",
  "ElfError",
  "FileError",
  "KernelError",
  "MultibootError",
  "ToolError",
]);

/** The failure behind something that was thrown; `null` when it was not meant to happen: a bug. */
export function failureOf(error: unknown): Failure | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  if (forPeople.has(error.name)) {
    const exitCode = "exitCode" in error && typeof error.exitCode === "number" ? error.exitCode : ExitCode.failed;
    return { message: error.message, code, exitCode };
  }
  return code !== null && "syscall" in error ? systemFailure(error, code) : null;
}

const systemErrors: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "it exists already",
  EISDIR: "it is a directory",
  EMFILE: "too many files are open",
  ENOENT: "no such file or directory",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
};

/** An error of Node's file system: has a code, a system call and mostly a path. */
function systemFailure(error: Error, code: string): Failure {
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return { message: `${path}${systemErrors[code] ?? error.message}`, code, exitCode: ExitCode.failed };
}

/**
 * The same failure of the file system, told of what a person has asked for instead of the path that it became.
 *
 * @param error what was thrown; it is thrown again when it is none of the file system
 */
export function failureOfFile(asked: string, error: unknown): CommandError {
  if (!(error instanceof Error && "code" in error && typeof error.code === "string")) throw error;
  return new CommandError(`${asked}: ${systemErrors[error.code] ?? error.message}`, ExitCode.failed, error.code);
}
