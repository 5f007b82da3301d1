import type { SyslogMessage } from "../environment";

/** How much a tool says, most urgent first; kmod's levels and words. */
const LEVELS = ["silent", "fatal", "error", "warning", "notice", "info", "debug"] as const;

export type LogLevel = (typeof LEVELS)[number];
type MessageLevel = Exclude<LogLevel, "silent">;

/** What a level is to the system log. */
const PRIORITIES: Readonly<Record<MessageLevel, SyslogMessage["priority"]>> = {
  fatal: "crit",
  error: "err",
  warning: "warning",
  notice: "notice",
  info: "info",
  debug: "debug",
};

type Syslog = (message: SyslogMessage) => void;

/** Messages of a tool: `modprobe: WARNING: ...` on standard error, those up to a level. */
export class Log {
  #syslog: Syslog | undefined;

  constructor(
    readonly program: string,
    private readonly stderr: (text: string) => void,
    public level: LogLevel = "warning",
  ) {}

  /** From now on messages go to the system log, where the environment has one. */
  useSyslog({ syslog }: { syslog?: Syslog }): void {
    this.#syslog = syslog;
  }

  /** What is wrong with the configuration: on standard error and whatever the level, as with kmod. */
  configuration(message: string): void {
    this.stderr(`${this.program}: ERROR: ${message}\n`);
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

  /** What is wrong with the command line, as getopt says it: on standard error, without a level, never silenced. */
  usage(message: string): void {
    this.stderr(`${this.program}: ${message}\n`);
  }

  /** As urgent as `fatal`, but without a level before it. */
  plain(message: string): void {
    if (this.level !== "silent") this.#write("fatal", message);
  }

  /** One step more talkative, as each `-v` asks. */
  louder(): void {
    this.level = LEVELS[LEVELS.indexOf(this.level) + 1] ?? this.level;
  }

  #say(level: MessageLevel, message: string): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.level)) return;
    this.#write(level, `${level.toUpperCase()}: ${message}`);
  }

  #write(level: MessageLevel, text: string): void {
    if (this.#syslog === undefined) this.stderr(`${this.program}: ${text}\n`);
    else this.#syslog({ program: this.program, priority: PRIORITIES[level], text });
  }
}
