import { release } from "node:os";
import { prebuiltDirectory } from "liblcd";
import {
  FileError,
  hostEnvironment,
  lcdDepmod,
  lcdInsmod,
  lcdModinfo,
  lcdModprobe,
  lcdRmmod,
  type ToolEnvironment,
} from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { LazyKernel } from "../host/lazy-kernel";
import { HOST_RELEASE, HOST_TREE, sourceInTree } from "../module-files/module-source";
import { readingOfTrees } from "../module-files/reading-of-trees";
import type { Terminal } from "../terminal";
import { toolHelp } from "./help";
import { lsmodOrJson } from "./lsmod-json";

/** A tool, and what is asked of it. */
interface ToolCall {
  readonly name: keyof typeof toolHelp;
  readonly tool: (argv: readonly string[], env: ToolEnvironment) => Promise<number>;
  readonly args: readonly string[];
  readonly terminal: Terminal;
}

/** `lcd modprobe`. Without `-d` or `-S` the tree is that of the emulated host: the examples. */
export function modprobe(args: readonly string[], terminal: Terminal): Promise<number> {
  return inHost(
    { name: "modprobe", tool: lcdModprobe, args, terminal },
    treeFor(args, /^-[^-]*[dS]|^--(d|set)/, terminal),
  );
}

/** `lcd modinfo`. Names are those of the examples, unless `-b` or `-k` is there, or what is a file's name. */
export function modinfo(args: readonly string[], terminal: Terminal): Promise<number> {
  const isFile = (word: string): boolean => !word.startsWith("-") && /[./]/.test(word);
  const tree = args.some(isFile) ? {} : treeFor(args, /^-[^-]*[bk]|^--(b|s)/, terminal);
  return withFiles({ name: "modinfo", tool: lcdModinfo, args, terminal }, tree);
}

/** `lcd insmod`. */
export function insmod(args: readonly string[], terminal: Terminal): Promise<number> {
  return inHost({ name: "insmod", tool: lcdInsmod, args, terminal });
}

/** `lcd rmmod`. */
export async function rmmod(args: readonly string[], terminal: Terminal): Promise<number> {
  const code = await inHost({ name: "rmmod", tool: lcdRmmod, args, terminal });
  if (code !== 0) terminal.stderr(NOTHING_LOADED);
  return code;
}

/** `lcd lsmod`. */
export async function lsmod(args: readonly string[], terminal: Terminal): Promise<number> {
  if (options(args).some(isHelp)) {
    terminal.stdout(`${toolHelp.lsmod}${EXIT_CODES}`);
    return 0;
  }
  const code = await inHost({ name: "lsmod", tool: lsmodOrJson, args, terminal });
  if (!args.includes("--json")) terminal.stderr(NOTHING_LOADED);
  return code;
}

/** `lcd depmod`. */
export function depmod(args: readonly string[], terminal: Terminal): Promise<number> {
  return withFiles({ name: "depmod", tool: lcdDepmod, args, terminal }, readingOfTrees(terminal));
}

const EXIT_CODES = `
Exit code: 0 it is done; 1 it is not, and a message says why.
`;

const NOTHING_LOADED = `The host that LCD emulates lives as long as a command: nothing is loaded yet. lcd host runs several commands in one.
`;

/** The tree with the examples, unless an option names another one. */
function treeFor(args: readonly string[], namesTree: RegExp, terminal: Terminal): Partial<ToolEnvironment> {
  if (options(args).some((word) => namesTree.test(word))) return {};
  const { files } = sourceInTree("", prebuiltDirectory);
  const show = (text: string): string => text.replaceAll(HOST_TREE, prebuiltDirectory);
  return {
    files,
    release: HOST_RELEASE,
    stdout: (text) => void terminal.stdout(show(text)),
    stderr: (text) => terminal.stderr(show(text)),
  };
}

/** Runs a tool in a host that is made when the first module goes into it, and lives as long as the command. */
async function inHost(call: ToolCall, own: Partial<ToolEnvironment> = {}): Promise<number> {
  const { args, terminal } = call;
  const kernel = new LazyKernel();
  const host = hostEnvironment(kernel, { ...environment(terminal), ...own });
  // Nobody would ever see the log of a host that is gone with the command.
  const code = await withFiles(call, { ...host, syslog: undefined });
  const verbose = options(args).some((word) => /^-[^-]*v|^--verb/.test(word));
  if (kernel.booted !== null && (code !== 0 || verbose)) {
    terminal.stderr(kernel.booted.dmesg(verbose ? "debug" : "warn"));
  }
  if (kernel.booted !== null && verbose) terminal.stdout(kernel.booted.procModules());
  return code;
}

/** Runs a tool on the files of this machine, or those that it is given. */
async function withFiles({ name, tool, args, terminal }: ToolCall, own: Partial<ToolEnvironment>): Promise<number> {
  const code = await tool([`lcd ${name}`, ...args], { ...environment(terminal), ...own });
  if (options(args).some(isHelp)) terminal.stdout(`${toolHelp[name]}${EXIT_CODES}`);
  return code;
}

function environment(terminal: Terminal): ToolEnvironment {
  return {
    files: nodeFiles,
    stdout: (text) => void terminal.stdout(text),
    stderr: (text) => terminal.stderr(text),
    openDevice: (path) => {
      throw new FileError("ENODEV", `${path}: there are no devices`);
    },
    variables: terminal.environment,
    release: release(),
    cwd: terminal.cwd,
  };
}

/** The words that are options: those before `--` that begin with a dash. */
function options(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? args.length : end).filter((word) => word.startsWith("-"));
}

function isHelp(option: string): boolean {
  return /^-[^-]*h|^--h/.test(option);
}
