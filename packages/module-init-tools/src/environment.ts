import type { LcdLoadModule } from "lcd-domains/uapi";
import type { ToolFiles } from "./files/files";

/** Everything that a module tool touches: the same program runs in the emulated host and on a real directory tree. */
export interface ToolEnvironment {
  readonly files: ToolFiles;
  /** Writes text, newlines included. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** Opens a device. Rejects with `code` ENOENT or ENODEV when there is none. */
  openDevice(path: string): Promise<LcdDevice> | LcdDevice;
  /** The kernel's release, as in `uname -r`: names the directory below `/lib/modules`. */
  readonly release: string;
  /** Where relative paths start; `/` when absent. */
  readonly cwd?: string;
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
