import { basename, resolve } from "node:path";
import { compileModule } from "liblcd/cc";
import { defineCommand, runCommand } from "../command/define";
import { collect } from "../command/machine-options";
import { collectNames, parseName } from "../command/name";
import { ExitCode } from "../exit-code";
import type { Terminal } from "../terminal";

const EXAMPLES = `
Examples:
  lcd cc greet.c -o greet.ko              gcc or clang, whichever is on the PATH
  lcd cc a.c b.c -o both.ko               several files become one module
  lcd cc greet.c -D TIMES=3 -I include    more for the compiler
  lcd cc greet.c --compiler clang-19      another compiler
  lcd run ./greet.ko                      and run what came out

The smallest module (greet.c):
  #include <linux/module.h>
  #include <lcd-domains/liblcd.h>
  static int __init greet_init(void) { lcd_printk("hi\\n"); return 0; }
  module_init(greet_init);
  MODULE_LICENSE("GPL");`;

interface Options {
  readonly output?: string;
  readonly compiler?: string;
  readonly define: readonly string[];
  readonly include: readonly string[];
  readonly flag: readonly string[];
  readonly verbose: boolean;
}

/** `lcd cc`. */
export async function cc(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = defineCommand("cc", terminal)
    .description("Compiles C source into a kernel module for a domain. It needs gcc or clang, and no kernel headers.")
    .argument("<source...>", "C or assembly files")
    .option("-o, --output <file>", "the module; the first source with .ko when absent", parseName)
    .option("--compiler <program>", "compiler by name or path")
    .option("-D, --define <macro>", "define a macro: NAME or NAME=value", collect, [])
    .option("-I, --include <directory>", "look for headers there", collectNames, [])
    .option("-f, --flag <flag>", "any other compiler flag: --flag=-Wextra", collect, [])
    .option("-v, --verbose", "show the commands that are run", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, (sources: string[], options: Options) => compile(sources, options, terminal));
}

async function compile(sources: readonly string[], options: Options, terminal: Terminal): Promise<number> {
  const output =
    options.output ??
    basename(sources[0])
      .replace(/\.\w+$/, "")
      .concat(".ko");
  const { warnings } = await compileModule({
    sources: sources.map((file) => resolve(terminal.cwd, file)),
    output: resolve(terminal.cwd, output),
    compiler: options.compiler,
    path: terminal.environment.PATH,
    flags: [
      ...options.define.map((macro) => `-D${macro}`),
      ...options.include.map((directory) => `-I${resolve(terminal.cwd, directory)}`),
      ...options.flag,
    ],
    onCommand: options.verbose ? (command) => terminal.stderr(`${command.join(" ")}\n`) : undefined,
  });
  terminal.stderr(warnings);
  return ExitCode.ok;
}
