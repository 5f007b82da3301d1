/** How much a tool says, most urgent first; kmod's levels and words. */
const LEVELS = ["silent", "fatal", "error", "warning", "notice", "info", "debug"] as const;

export type LogLevel = (typeof LEVELS)[number];

/** Messages of a tool: `modprobe: WARNING: ...` on standard error, those up to a level. */
export class Log {
  constructor(
    readonly program: string,
    private stderr: (text: string) => void,
    public level: LogLevel = "warning",
  ) {}

  /** From now on messages go to the system log, where the environment has one. */
  useSyslog({ syslog }: { syslog?(line: string): void }): void {
    if (syslog !== undefined) this.stderr = syslog;
  }

  fatal(message: string): void {
    this.#say("fatal", message);
  }

  error(message: string): void {
    this.#say("error", message);
  }

  warning(message: string): void {
    this.#say("warning", message);
  }

  info(message: string): void {
    this.#say("info", message);
  }

  debug(message: string): void {
    this.#say("debug", message);
  }

  /** What is wrong with the command line, as getopt says it: without a level, and never silenced. */
  usage(message: string): void {
    this.stderr(`${this.program}: ${message}\n`);
  }

  /** As urgent as `fatal`, but without a level before it. */
  plain(message: string): void {
    if (this.level !== "silent") this.stderr(`${this.program}: ${message}\n`);
  }

  /** One step more talkative, as each `-v` asks. */
  louder(): void {
    this.level = LEVELS[LEVELS.indexOf(this.level) + 1] ?? this.level;
  }

  #say(level: LogLevel, message: string): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.level)) return;
    this.stderr(`${this.program}: ${level.toUpperCase()}: ${message}\n`);
  }
}
