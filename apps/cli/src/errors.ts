import { ExitCode } from "./exit-code";

/** Something that a person did or met, and can do something about: shown as a sentence, without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(
    message: string,
    readonly exitCode: number = ExitCode.failed,
    /** `ENOENT`, for `--json`; `null` when no code says it. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** A command line that makes no sense. */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(message, ExitCode.usage);
  }
}
