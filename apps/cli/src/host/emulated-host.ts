import { join } from "node:path";
import { Machine } from "lcd-arch-x86/machine";
import { boot, formatRecord, type HostKernel, LCD_MODPROBE } from "lcd-domains";
import { prebuiltDirectory } from "liblcd";
import { hostEnvironment, lcdModprobe, type ToolEnvironment } from "module-init-tools";
import { HOST_RELEASE, HOST_TREE, type ModuleSource } from "../module-files/module-source";
import { readBytes } from "../read-bytes";

export interface HostOptions {
  /** Bytes of RAM. */
  readonly memory: number;
  readonly cpus: number;
  /** Gets the kernel's log, a line with its newline at a time; nobody does when absent. */
  readonly log?: (line: string) => void;
  /** Runs the commands of `modprobe.d`; refused when absent. */
  readonly runShell?: ToolEnvironment["runShell"];
}

/** A machine with a host kernel on it, which finds modules in one tree. */
export interface EmulatedHost {
  readonly kernel: HostKernel;
  /** What lcd-modprobe has said since somebody asked here. */
  takeModprobeWords(): string;
}

/** Makes a machine and boots a host kernel on it. @throws KernelError */
export function bootHost(options: HostOptions): HostKernel {
  const runtime = readBytes(join(prebuiltDirectory, "lcd-runtime.ko"));
  const machine = new Machine({ memory: options.memory, cpus: options.cpus });
  const kernel = boot({ machine, runtime });
  const { log } = options;
  if (log !== undefined) {
    log(kernel.dmesg());
    kernel.log.attach((record) => log(`${formatRecord(record)}\n`));
  }
  return kernel;
}

/** Boots a host kernel that has a source's modules as `/lib/modules/lcd`, and lcd-modprobe. @throws KernelError */
export function bootWithModules(source: ModuleSource, options: HostOptions): EmulatedHost {
  const kernel = bootHost(options);
  let words = "";
  kernel.registerUsermodeHelper(LCD_MODPROBE, (argv, context) =>
    // The kernel asks modprobe to be quiet; what it would say is what a person needs when it fails.
    lcdModprobe(
      argv.filter((word) => word !== "-q"),
      {
        ...hostEnvironment(kernel, {
          files: source.files,
          stdout: (text) => kernel.printk("info", text),
          stderr: (text) => {
            words += text.replaceAll(HOST_TREE, source.directory);
            kernel.printk("warn", text);
          },
          release: HOST_RELEASE,
          runShell: options.runShell,
        }),
        openDevice: (path) => context.openDevice(path),
      },
    ),
  );
  const takeModprobeWords = (): string => {
    const said = words;
    words = "";
    return said;
  };
  return { kernel, takeModprobeWords };
}
