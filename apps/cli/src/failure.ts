import { ElfError } from "elf-image";
import { KernelError } from "lcd-arch-x86";
import { CompileError } from "liblcd/cc";
import { DecompressError, FileError, ToolError } from "module-init-tools";
import { CommandError } from "./errors";
import { ExitCode } from "./exit-code";

/** Why a command failed, as a person or a program wants to know it. */
export interface Failure {
  readonly message: string;
  /** `ENOENT`, `ENOEXEC` ...; `null` when no code says it. */
  readonly code: string | null;
  readonly exitCode: number;
}

/** The failure behind something that was thrown; `null` when it was not meant to happen: a bug. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof CommandError) return error;
  if (error instanceof KernelError || error instanceof ElfError || error instanceof FileError) {
    return { message: error.message, code: error.code, exitCode: ExitCode.failed };
  }
  if (error instanceof ToolError || error instanceof DecompressError) {
    return { message: error.message, code: null, exitCode: ExitCode.failed };
  }
  if (error instanceof CompileError) return { message: error.message, code: error.code, exitCode: ExitCode.failed };
  return systemFailure(error);
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
function systemFailure(error: unknown): Failure | null {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return null;
  const { code } = error;
  if (typeof code !== "string") return null;
  const path = "path" in error && typeof error.path === "string" ? `${error.path}: ` : "";
  return { message: `${path}${systemErrors[code] ?? error.message}`, code, exitCode: ExitCode.failed };
}
