import { prebuiltDirectory } from "liblcd";
import { defineCommand, runCommand } from "../command/define";
import { parseMemory, parseProcessors } from "../command/machine-options";
import { parseName } from "../command/name";
import { MIB, parseCount, parseSeconds } from "../command/quantity";
import type { Terminal } from "../terminal";
import { hostCommandsHelp } from "./host-commands";
import { runHost } from "./run-host";

const help = (): string => `
Commands, one a line or with ; between them (& behind one puts it into the background, as in a shell):
${hostCommandsHelp()}
Files are those of this machine, but /lib/modules/lcd, /etc/modprobe.d, /proc and /sys are the host's own. lsmod lists
the modules that are there for domains; the microkernel is the host's kernel itself, and no module. A module that
modprobe loaded stays until it is taken out; one that lcd_create loaded goes with its last domain.

Examples:
  lcd host -c "modprobe asker; lsmod; modprobe -r asker; lsmod"
                                      load a module and what it needs; take both out
  lcd host -c "lcd_create hello; lcd_thread_start hello; lcd_thread_wait hello; lcd_destroy hello"
                                      the life of a domain
  lcd host --timeout 5 -c "modprobe spin; lcd_create spin; rmmod -w spin & lcd_destroy spin; wait; lsmod"
                                      a module is taken out as soon as nobody uses it
  lcd host setup.txt                  commands in a file
  lcd host                            commands that you type
  lcd host --modules ./out --config ./modprobe.d --shell /bin/sh -c "modprobe mine"
                                      modules, configuration and a shell of your own

Exit code: that of the last command, with --errexit of the first that failed; 2 wrong usage; 3 it was stopped: time is
over, or nothing is left that could end what waits; 127 there is no such command; 130 Ctrl-C.`;

/** The options of `lcd host`. */
export interface HostCommandOptions {
  /** Commands in place of a file. */
  readonly command?: string;
  readonly errexit: boolean;
  /** Bytes of RAM. */
  readonly memory: number;
  readonly cpus: number;
  /** Instructions. */
  readonly fuel?: number;
  /** Seconds. */
  readonly timeout?: number;
  /** A directory with a `modules.dep`. */
  readonly modules: string;
  /** A directory: `/etc/modprobe.d`. */
  readonly config?: string;
  /** A program that takes `-c command`. */
  readonly shell?: string;
  readonly verbose: boolean;
}

/** `lcd host`. */
export async function host(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = defineCommand("host", terminal)
    .description("Runs commands in one emulated host: the module tools, and the life of domains.")
    .argument("[script]", "a file with commands; what is typed or piped in when absent")
    .option("-c, --command <commands>", "run these")
    .option("-e, --errexit", "end at the first command that fails", false)
    .option("-m, --memory <size>", "RAM of the machine: 16M, 1G (default: 64M)", parseMemory, 64 * MIB)
    .option("--cpus <number>", "its processors, 1 to 32 (default: 2)", parseProcessors, 2)
    .option("--fuel <instructions>", "kill a domain after so many instructions: 500K, 10M", parseCount)
    .option("--timeout <seconds>", "end the host after so much time", parseSeconds)
    .option(
      "--modules <directory>",
      "its modules, with a modules.dep (default: the examples)",
      parseName,
      prebuiltDirectory,
    )
    .option("--config <directory>", "its /etc/modprobe.d (default: empty)", parseName)
    .option(
      "--shell <program>",
      "run install and remove commands of modprobe.d with it, on this machine (default: refuse them)",
    )
    .option("-v, --verbose", "show the host's kernel log as it comes", false)
    .addHelpText("after", help());
  return runCommand(command, args, (script: string | undefined, options: HostCommandOptions) =>
    runHost(script, options, terminal),
  );
}
