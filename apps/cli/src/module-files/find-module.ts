import { closeSync, openSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { prebuiltDirectory } from "liblcd";
import { isModuleFile, ModuleTree, moduleNameOfPath } from "module-init-tools";
import { CommandError } from "../errors";
import { failureOfFile } from "../failure";
import { didYouMean } from "../suggest";
import { sourceBeside } from "./beside";
import { type ModuleSource, sourceInTree } from "./module-source";
import { mountedFiles } from "./mounted-files";

/**
 * Finds what a person means by `hello`, `hello.ko` or `path/to/hello.ko`.
 *
 * A path is a file; what it needs is found through the `modules.dep` of the tree that it lies in, or beside it. A name
 * is looked for in `directories`, then among the examples of liblcd.
 *
 * @throws CommandError
 */
export async function findModule(asked: string, directories: readonly string[], cwd: string): Promise<ModuleSource> {
  const path = resolve(cwd, asked);
  if (asked.includes("/") || (isModuleFile(asked) && isThere(path))) return sourceOfFile(asked, path);
  const known: string[] = [];
  for (const directory of [...directories.map((name) => resolve(cwd, name)), prebuiltDirectory]) {
    const found = await sourceOfName(asked, directory, known);
    if (found !== null) return found;
  }
  const where = ["the examples of LCD", ...directories].join(", ");
  const suggestion = didYouMean(moduleNameOfPath(asked), known) || listOf(known);
  throw new CommandError(`there is no module ${asked} in ${where}${suggestion}`, undefined, "ENOENT");
}

function listOf(known: readonly string[]): string {
  return known.length > 20 ? "; to run a file, give its path: ./name.ko" : `; there are ${known.join(", ")}`;
}

async function sourceOfFile(asked: string, path: string): Promise<ModuleSource> {
  requireReadable(asked, path);
  const tree = await treeOf(path);
  return tree ?? { ...(await sourceBeside(path)), advice: adviceFor(path) };
}

/** A tree as a distribution's package unpacks it has no `modules.dep` yet. */
function adviceFor(path: string): string | undefined {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    const [, root, release] = /^(.*)\/lib\/modules\/([^/]+)$/.exec(directory) ?? [];
    if (root === undefined || !isThere(join(directory, "modules.builtin"))) continue;
    return `modules elsewhere in ${directory} are found when it has a modules.dep: lcd depmod -b ${root || "/"} ${release}`;
  }
  return undefined;
}

/** The nearest directory upwards whose `modules.dep` has this file. */
async function treeOf(path: string): Promise<ModuleSource | null> {
  const name = moduleNameOfPath(path);
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    if (isThere(join(directory, "modules.dep"))) {
      const module = await new ModuleTree(mountedFiles(directory, directory), directory).module(name);
      if (module !== undefined && resolve(module.path) === path) return sourceInTree(name, directory);
    }
    if (directory === dirname(directory)) return null;
  }
}

/** Looks for a name in a directory, with or without a `modules.dep`; adds the names that are there to `known`. */
async function sourceOfName(asked: string, directory: string, known: string[]): Promise<ModuleSource | null> {
  const name = moduleNameOfPath(asked);
  if (isThere(join(directory, "modules.dep"))) {
    const tree = new ModuleTree(mountedFiles(directory, directory), directory);
    if ((await tree.module(name)) !== undefined) return sourceInTree(name, directory);
    for (const other of (await tree.modules()).keys()) known.push(other);
    return null;
  }
  const files = entries(directory)
    .filter((file) => isModuleFile(file))
    .sort();
  for (const file of files) known.push(moduleNameOfPath(file));
  const file = files.find((candidate) => moduleNameOfPath(candidate) === name);
  return file === undefined ? null : sourceBeside(join(directory, file));
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw failureOfFile(`--modules ${directory}`, error);
  }
}

function requireReadable(asked: string, path: string): void {
  let isDirectory = false;
  try {
    isDirectory = statSync(path).isDirectory();
    if (!isDirectory) closeSync(openSync(path, "r"));
  } catch (error) {
    throw failureOfFile(`cannot read ${asked}`, error);
  }
  if (isDirectory) {
    throw new CommandError(`${asked} is a directory, not a module; --modules ${asked} looks for names in it`);
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
