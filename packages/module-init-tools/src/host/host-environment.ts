import type { LcdDevice, ToolEnvironment } from "../environment";
import type { ToolFiles } from "../files/files";
import { memoryFiles } from "../files/memory-files";
import { mountFiles } from "../files/mount-files";

/** The kernel of a host that LCD emulates, as far as the tools need it: `HostKernel` of lcd-domains is one. */
export interface EmulatedKernel {
  readonly devices: { open(path: string): LcdDevice | Promise<LcdDevice> };
  /** `/proc/modules` and what is below `/sys/module`, as it is now: path to text. */
  kernelFiles(): Readonly<Record<string, string>>;
  /** Takes a module out. Rejects with an error that has a `code`. */
  deleteModule(name: string, flags: DeleteFlags): Promise<void>;
  /** Writes to the kernel's log. */
  printk(level: "crit" | "err" | "warn" | "notice" | "info" | "debug", text: string): void;
}

/** What the system call returns, negative, when a signal interrupts it (`asm-generic/errno-base.h`). */
const EINTR = 4;

interface DeleteFlags {
  readonly wait: boolean;
  readonly force: boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** What the world around an emulated host gives the tools. */
export type HostOptions = Pick<ToolEnvironment, "stdout" | "stderr" | "release" | "cwd" | "runShell"> & {
  /** Its files; `/proc/modules` and `/sys/module` are the kernel's. */
  readonly files: ToolFiles;
  /** Ends the waiting of `rmmod -w` and `modprobe -r -w`. */
  readonly signal?: AbortSignal;
};

/**
 * The environment of a tool that runs in an emulated host: modules go into its kernel and out of it, its kernel says
 * which there are, and the system log is the kernel's log. Commands of `modprobe.d` are refused unless `runShell` is
 * given.
 */
export function hostEnvironment(kernel: EmulatedKernel, options: HostOptions): ToolEnvironment {
  const { files, signal, ...world } = options;
  const kernelFiles = () => memoryFiles(kernel.kernelFiles());
  return {
    ...world,
    files: mountFiles({ "/proc/modules": kernelFiles, "/sys/module": kernelFiles, "/": files }),
    openDevice: (path) => kernel.devices.open(path),
    deleteModule: async (name, flags) => {
      if (signal?.aborted) return -EINTR;
      await kernel.deleteModule(name, { ...flags, signal });
      return 0;
    },
    syslog: ({ program, priority, text }) => {
      kernel.printk(priority === "warning" ? "warn" : priority, `${program}: ${text}`);
    },
  };
}
