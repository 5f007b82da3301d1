import { KernelError } from "lcd-arch-x86";
import type { DeviceFile } from "./devices";

/** What a usermode helper can reach of the host that runs it. */
export interface HelperContext {
  /** Opens a device of the host. @throws KernelError ENODEV */
  openDevice(path: string): DeviceFile;
}

/** A program that the host starts: gets its arguments, `argv[0]` included, and gives its exit code. */
export type UsermodeHelper = (argv: readonly string[], context: HelperContext) => Promise<number>;

/** The programs that the host can start, by path. */
export class UsermodeHelpers {
  private readonly programs = new Map<string, UsermodeHelper>();

  /** Installs a program; one that was at `path` before is replaced. */
  register(path: string, helper: UsermodeHelper): void {
    this.programs.set(path, helper);
  }

  /** Uninstalls a program. */
  remove(path: string): void {
    this.programs.delete(path);
  }

  /**
   * Runs a program to its end.
   *
   * @returns its exit code
   * @throws KernelError ENOENT when there is none at `path`
   */
  async call(path: string, args: readonly string[], context: HelperContext): Promise<number> {
    const helper = this.programs.get(path);
    if (helper === undefined) throw new KernelError("ENOENT", `${path}: no such program is installed in the host`);
    return helper([path, ...args], context);
  }
}
