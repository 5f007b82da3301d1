/** Log levels, as in Linux (`include/linux/kern_levels.h`): the lower, the more urgent. */
export const LogLevel = { emerg: 0, alert: 1, crit: 2, err: 3, warn: 4, notice: 5, info: 6, debug: 7 } as const;

/** A log level by name. */
export type LogLevelName = keyof typeof LogLevel;

/** One line of the log. */
export interface LogRecord {
  readonly level: LogLevelName;
  /** Seconds of machine time since the machine started. */
  readonly time: number;
  readonly text: string;
}

/** Gets each record as it is made. */
export type LogConsole = (record: LogRecord) => void;

/** The host's log: a ring of the newest records, and consoles that see each as it comes. */
export class KernelLog {
  private readonly records: LogRecord[] = [];
  private readonly capacity: number;
  private readonly now: () => number;
  private readonly consoles = new Set<LogConsole>();
  private lost = 0;

  /**
   * @param now machine time in seconds
   * @param capacity records that are kept
   */
  constructor(now: () => number, capacity = 4096) {
    this.now = now;
    this.capacity = capacity;
  }

  /** Records that the ring no longer has. */
  get dropped(): number {
    return this.lost;
  }

  /** Adds a record for every line of `text`. */
  printk(level: LogLevelName, text: string): void {
    for (const line of text.replace(/\n$/, "").split("\n")) this.add({ level, time: this.now(), text: line });
  }

  /** Sends what is logged from now on to `console`; call the result to stop. */
  attach(console: LogConsole): () => void {
    this.consoles.add(console);
    return () => this.consoles.delete(console);
  }

  /** The log as `dmesg` prints it: `[    0.001234] text`, one line for each record that is at least this urgent. */
  dmesg(least: LogLevelName = "debug"): string {
    const shown = this.records.filter((record) => LogLevel[record.level] <= LogLevel[least]);
    return shown.map((record) => `${formatRecord(record)}\n`).join("");
  }

  private add(record: LogRecord): void {
    this.records.push(record);
    if (this.records.length > this.capacity) {
      this.records.shift();
      this.lost++;
    }
    for (const console of this.consoles) console(record);
  }
}

/** A record as `dmesg` prints it, without a newline: seconds with six decimals, right-aligned in 12 columns. */
export function formatRecord(record: LogRecord): string {
  return `[${record.time.toFixed(6).padStart(12)}] ${record.text}`;
}
