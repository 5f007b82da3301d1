import { release } from "node:os";
import type { HostKernel } from "lcd-domains";
import { prebuiltDirectory } from "liblcd";
import { lcdDepmod, lcdInsmod, lcdModinfo, lcdModprobe, type ToolEnvironment } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { HOST_RELEASE, HOST_TREE, sourceInTree } from "../modules/module-source";
import type { Terminal } from "../terminal";
import { toolHelp } from "./help";

/** RAM and processors of the host that the tools load into. */
const MEMORY = 256 * 2 ** 20;
const PROCESSORS = 2;

type Tool = (argv: readonly string[], env: ToolEnvironment) => Promise<number>;

/** `lcd modprobe`. Without `-d` or `-S` the tree is that of the emulated host: the examples. */
export function modprobe(args: readonly string[], terminal: Terminal): Promise<number> {
  return runWithTree("modprobe", lcdModprobe, /^-[^-]*[dS]|^--(d|set)/, args, terminal);
}

/** `lcd modinfo`. Names are those of the examples, unless `-b` or `-k` is there, or what is a file's name. */
export function modinfo(args: readonly string[], terminal: Terminal): Promise<number> {
  const isFile = (word: string): boolean => !word.startsWith("-") && /[./]/.test(word);
  if (args.some(isFile)) return runTool("modinfo", lcdModinfo, args, terminal, {});
  return runWithTree("modinfo", lcdModinfo, /^-[^-]*[bk]|^--(b|s)/, args, terminal);
}

/** @param namesTree what an option is like that names a tree, in place of the one with the examples */
function runWithTree(
  name: keyof typeof toolHelp,
  tool: Tool,
  namesTree: RegExp,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  if (options(args).some((word) => namesTree.test(word))) return runTool(name, tool, args, terminal, {});
  const { files } = sourceInTree("", prebuiltDirectory);
  const show = (text: string): string => text.replaceAll(HOST_TREE, prebuiltDirectory);
  return runTool(name, tool, args, terminal, {
    files,
    release: HOST_RELEASE,
    stdout: (text) => void terminal.stdout(show(text)),
    stderr: (text) => terminal.stderr(show(text)),
  });
}

/** `lcd insmod`. */
export function insmod(args: readonly string[], terminal: Terminal): Promise<number> {
  return runTool("insmod", lcdInsmod, args, terminal, {});
}

/** `lcd depmod`. */
export function depmod(args: readonly string[], terminal: Terminal): Promise<number> {
  return runTool("depmod", lcdDepmod, args, terminal, {});
}

/** Runs a tool. The host that it loads into is made when it opens a device, and lives as long as the command. */
async function runTool(
  name: keyof typeof toolHelp,
  tool: Tool,
  args: readonly string[],
  terminal: Terminal,
  own: Partial<ToolEnvironment>,
): Promise<number> {
  const verbose = options(args).some((word) => /^-[^-]*v|^--verb/.test(word));
  const host: { kernel: HostKernel | null } = { kernel: null };
  const code = await tool([`lcd ${name}`, ...args], {
    files: nodeFiles,
    stdout: (text) => void terminal.stdout(text),
    stderr: (text) => terminal.stderr(text),
    release: release(),
    cwd: terminal.cwd,
    openDevice: async (path) => {
      const { bootHost } = await import("../host/emulated-host");
      host.kernel ??= bootHost({ memory: MEMORY, cpus: PROCESSORS });
      return host.kernel.devices.open(path);
    },
    ...own,
  });
  if (host.kernel !== null) report(host.kernel, code, verbose, terminal);
  if (options(args).some((word) => /^-[^-]*h|^--h/.test(word))) terminal.stdout(toolHelp[name]);
  return code;
}

/** The host's log when something went wrong; with `-v` all of it, and `/proc/modules`. */
function report(kernel: HostKernel, code: number, verbose: boolean, terminal: Terminal): void {
  if (code !== 0 || verbose) terminal.stderr(kernel.dmesg(verbose ? "debug" : "warn"));
  if (verbose) terminal.stdout(kernel.procModules());
}

/** The words that are options: those before `--` that begin with a dash. */
function options(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).filter((word) => word.startsWith("-"));
}
