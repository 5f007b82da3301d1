import type { LcdLoadModule } from "lcd-domains/uapi";
import type { FactsReader } from "./depmod/read-facts";
import type { ToolFiles } from "./files/files";

/** Everything that a module tool touches: the same program runs in the emulated host and on a real directory tree. */
export interface ToolEnvironment {
  readonly files: ToolFiles;
  /** Writes text, newlines included. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** Opens a device. Rejects with `code` ENOENT or ENODEV when there is none. */
  openDevice(path: string): Promise<LcdDevice> | LcdDevice;
  /**
   * Takes a module out of the kernel of the host, as the delete_module system call does. Absent on a host that has no
   * way to do it.
   *
   * @param flags `wait`: until nobody uses it (without O_NONBLOCK); `force`: even when it is in use (O_TRUNC)
   * @returns 0, or a negative errno; an error with a `code` may be thrown instead
   */
  deleteModule?(name: string, flags: { readonly wait: boolean; readonly force: boolean }): Promise<number> | number;
  /**
   * Runs a command of `modprobe.d` in a shell. Absent where there is none: such commands are refused then.
   *
   * @param variables for the command's environment
   * @returns the command's exit code
   */
  runShell?(command: string, variables: Readonly<Record<string, string>>): Promise<number> | number;
  /** Writes to the system log; absent where there is none. */
  syslog?(message: SyslogMessage): void;
  /** Reads many modules on several processors; where it is absent they are read here. */
  readonly readFacts?: FactsReader;
  /** Hears how far long work has come: `Reading modules`, 1200 of 4023. Absent where nobody looks. */
  progress?(what: string, done: number, total: number): void;
  /** The kernel's release, as in `uname -r`: names the directory below `/lib/modules`. */
  readonly release: string;
  /** Environment variables: `MODPROBE_OPTIONS` is one. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start; `/` when absent. */
  readonly cwd?: string;
}

/** What a tool says to the system log. */
export interface SyslogMessage {
  /** `modprobe` */
  readonly program: string;
  readonly priority: "crit" | "err" | "warning" | "notice" | "info" | "debug";
  /** One message, without a newline at its end: `FATAL: Module x not found.` */
  readonly text: string;
}

/** `/dev/lcd`, open. */
export interface LcdDevice {
  /**
   * Asks the LCD driver something.
   *
   * @returns 0, or a negative errno; an error with a `code` may be thrown instead
   */
  ioctl(request: number, argument: LcdLoadModule): Promise<number> | number;
  close?(): void;
}
