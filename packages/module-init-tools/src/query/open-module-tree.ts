import { Log } from "../command/log";
import type { ModprobeConfig } from "../config/modprobe-config";
import { CONFIG_DIRECTORIES, readConfig } from "../config/read-config";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { ModuleTree } from "../tree/module-tree";
import { indexInMemory } from "./index-in-memory";

/** A tree of modules, and the configuration that has a say in how they are loaded. */
export interface ConfiguredTree {
  readonly tree: ModuleTree;
  readonly config: ModprobeConfig;
}

export interface OpenOptions {
  /**
   * The directory that is `/` to the kernel of these modules, without a slash at its end: configuration
   * (`/etc/modprobe.d` ...) and the kernel's command line (`/proc/cmdline`) are looked for below it. Default: "".
   */
  readonly root?: string;
  /** Files and directories to read as configuration, instead of the usual places below the root. */
  readonly config?: readonly string[];
  /** What is in front of messages: `lcd-modules: ERROR: ...`. */
  readonly program?: string;
  /** Called when the tree has no indexes, before every module is read to make them in memory. */
  readonly onIndexing?: () => void;
}

/**
 * Reads a tree of modules, to ask {@link explainLoading}, {@link moduleGraph} and {@link smallestSet}. Nothing is
 * written: the indexes of a tree on which depmod has never run are made in memory, which takes as long as depmod does.
 *
 * @param directory `/lib/modules/<release>`, maybe with a root in front; `build` and `source` below it are left out
 * @throws ToolError when there is no such directory, or when its modules need one another in a loop
 */
export async function openModuleTree(
  env: Pick<ToolEnvironment, "files" | "stderr" | "readFacts" | "progress">,
  directory: string,
  { root = "", config, program = "lcd-modules", onIndexing }: OpenOptions = {},
): Promise<ConfiguredTree> {
  // That a tree lacks what the kernel's build leaves in it does not matter for a question.
  const log = new Log(program, (text) => env.stderr(text), "error");
  let indexed = env.files;
  if (!(await hasIndexes(env.files, directory))) {
    await requireDirectory(env.files, directory);
    onIndexing?.();
    indexed = await indexInMemory(env, directory, root, log);
  }
  const tree = new ModuleTree(indexed, directory);
  const places = config ?? CONFIG_DIRECTORIES.map((path) => root + path);
  return { tree, config: await readConfig(tree, places, log, { commandLine: `${root}/proc/cmdline` }) };
}

async function hasIndexes(files: ToolFiles, directory: string): Promise<boolean> {
  for (const name of ["modules.dep.bin", "modules.dep"]) {
    try {
      await files.stat(`${directory}/${name}`);
      return true;
    } catch (error) {
      if (errorCodeOf(error) === null) throw error;
    }
  }
  return false;
}

async function requireDirectory(files: ToolFiles, directory: string): Promise<void> {
  try {
    if ((await files.stat(directory)).kind === "directory") return;
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    throw new ToolError(`could not open directory ${directory}: ${describeError(error)}`);
  }
  throw new ToolError(`could not open directory ${directory}: it is not a directory`);
}
