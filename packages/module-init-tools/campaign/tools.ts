import { ElfError } from "elf-image";
import {
  FileError,
  IndexReader,
  lcdDepmod,
  lcdInsmod,
  lcdLsmod,
  lcdModinfo,
  lcdModprobe,
  lcdRmmod,
  type MemoryFiles,
  memoryFiles,
  ToolError,
} from "../src";

export const RELEASE = "6.1.0";
export const TREE = `/lib/modules/${RELEASE}`;

const TOOLS = {
  depmod: lcdDepmod,
  insmod: lcdInsmod,
  lsmod: lcdLsmod,
  modinfo: lcdModinfo,
  modprobe: lcdModprobe,
  rmmod: lcdRmmod,
};

/** What the kernel's build leaves in a tree. */
export const BUILD = {
  [`${TREE}/modules.order`]: "",
  [`${TREE}/modules.builtin`]: "",
  [`${TREE}/modules.builtin.modinfo`]: "",
};

/** What a tool said and did. */
export interface ToolResult {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** A stack trace, or words of the language that the tools are written in. */
const NOT_FOR_PEOPLE = /\n\s+at .*:\d+:\d+|\b(Type|Range|Syntax|Reference)Error\b|is not a function|\[object |\bNaN\b/;

/**
 * Runs a tool, where every module can be loaded and removed.
 *
 * @param command `modinfo -F alias /x.ko`
 * @throws an error when it throws, when its exit code is none, or when it fails without a message for people
 */
export async function runTool(command: string, files: MemoryFiles): Promise<ToolResult> {
  const argv = command.split(" ");
  const [name = ""] = argv;
  const said = { output: "", errors: "" };
  const code = await TOOLS[name as keyof typeof TOOLS](argv, {
    files,
    release: RELEASE,
    stdout: (text) => {
      said.output += text;
    },
    stderr: (text) => {
      said.errors += text;
    },
    openDevice: () => ({ ioctl: () => 0 }),
    deleteModule: () => 0,
    runShell: () => 0,
  });
  if (code !== 0 && code !== 1) throw new Error(`${command}: exit code ${code}`);
  if (code === 1 && said.errors === "") throw new Error(`${command}: exit code 1 without a word`);
  if (NOT_FOR_PEOPLE.test(said.errors)) throw new Error(`${command}: ${said.errors}`);
  return { code, ...said };
}

/** Runs tools one after the other, and counts their exit codes. */
export async function runTools(
  commands: readonly string[],
  files: MemoryFiles,
  outcome: (what: string) => void,
): Promise<void> {
  for (const command of commands) {
    const { code } = await runTool(command, files);
    outcome(`${command.split(" ", 1)} ${code}`);
  }
}

/** depmod on a tree: afterwards either every index is there and whole, or none has changed. */
export async function runDepmod(
  content: Readonly<Record<string, Uint8Array | string>>,
  options: string,
  outcome: (what: string) => void,
): Promise<MemoryFiles> {
  const files = memoryFiles({ ...BUILD, ...content });
  const before = files.paths();
  const { code } = await runTool(`depmod ${options}`.trim(), files);
  outcome(`depmod ${code}`);
  const written = files.paths().filter((path) => !before.includes(path));
  if (code === 1 && written.length > 0) throw new Error(`depmod has failed, and written ${written}`);
  if (written.some((path) => path.endsWith(".new"))) throw new Error(`depmod has left ${written}`);
  for (const path of written) {
    const bytes = await files.readFile(path);
    if (path.endsWith(".bin") && bytes.length > 0) new IndexReader(bytes, path).sortedEntries();
  }
  return files;
}

/** Calls a function of the library, which may refuse with an error for people only. */
export async function attempt(what: string, call: () => unknown, outcome: (what: string) => void): Promise<void> {
  try {
    await call();
    outcome(`${what} ok`);
  } catch (error) {
    const forPeople = error instanceof ElfError || error instanceof ToolError || error instanceof FileError;
    if (!forPeople) throw error;
    outcome(`${what} refused`);
  }
}
