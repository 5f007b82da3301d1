import { defineCommand, runCommand } from "../command/define";
import { parseMemory, parseProcessors } from "../command/machine-options";
import { collectNames, parseName } from "../command/name";
import { MIB, parseCount, parseSeconds } from "../command/quantity";
import { resumeOptimizer } from "../optimizer";
import type { Terminal } from "../terminal";
import { runKernel } from "./run-kernel";

const EXAMPLES = `
Examples:
  lcd machine kernel.elf                          its serial port is your terminal; Ctrl-C ends it
  lcd machine kernel.elf --append "console=ttyS0" with a command line
  lcd machine kernel.elf --cpus 4 --memory 512M   with four processors
  lcd machine kernel.elf --module disk.img        with a module: a file beside the kernel in memory
  lcd machine kernel.elf --fuel 100M --json       stopped after 100 million instructions; for a program
  lcd machine kernel.elf --serial boot.log        what it prints goes to a file

The kernel is a Multiboot 1 file: a 32-bit or 64-bit ELF executable, entered in 32-bit protected mode, or a file whose
header has load addresses. What runs with

  qemu-system-x86_64 -kernel kernel.elf -append ... -initrd ... -smp n -serial stdio -display none -no-reboot \\
    -device isa-debug-exit,iobase=0xf4,iosize=4

runs here. (QEMU takes 32-bit ELF files only.) What it has written to the text screen is shown when it is over, unless it
has left by itself; -v and --json tell it always. Time is counted in instructions, one a nanosecond, and accesses to
ports, one a microsecond.

Exit code: what the program leaves with through the debug exit device, port 0xf4 or 0x501: 2 * value + 1; 0 it has
turned the power off; 1 it could not be loaded; 2 wrong usage; 3 it was stopped: shut down by a triple fault, reset,
halted for good, out of fuel or time; 130 Ctrl-C. A program may leave with 1 or 3, too: --json tells.`;

/** The options of `lcd machine`. */
export interface KernelOptions {
  /** Bytes of RAM. */
  readonly memory: number;
  readonly cpus: number;
  readonly append?: string;
  /** Files, each with what the kernel is told of it behind its name. */
  readonly module: readonly string[];
  /** `stdio`, or a file. */
  readonly serial: string;
  /** Instructions. */
  readonly fuel?: number;
  /** Seconds. */
  readonly timeout?: number;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** `lcd machine`. */
export async function machine(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = defineCommand("machine", terminal)
    .description("Runs a bare-metal program on an emulated computer: processors, RAM, a PC's devices.")
    .argument("<kernel>", "a Multiboot 1 kernel", parseName)
    .option("-m, --memory <size>", "RAM, 2M to 3G: 16M, 1G (default: 128M)", parseMemory, 128 * MIB)
    .option("--cpus <number>", "processors, 1 to 32 (default: 1)", parseProcessors, 1)
    .option("--append <text>", "the command line, behind the kernel's name")
    .option(
      "--module <file>",
      'load a file, too; "disk.img arguments" gives it arguments (may be given again)',
      collectNames,
      [],
    )
    .option("--serial <where>", "where the serial port goes: stdio or a file (default: stdio)", parseName, "stdio")
    .option("--fuel <instructions>", "stop after so many instructions: 500K, 10M", parseCount)
    .option("--timeout <seconds>", "stop after so much time", parseSeconds)
    .option("--json", "print one JSON object, with everything in it", false)
    .option("-v, --verbose", "say how it ended, and how many instructions it took", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, async (kernel: string, options: KernelOptions) => {
    resumeOptimizer();
    return runKernel(kernel, options, terminal);
  });
}
