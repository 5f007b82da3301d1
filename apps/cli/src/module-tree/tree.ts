import { type Dirent, readdirSync, statSync } from "node:fs";
import { release as runningRelease } from "node:os";
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { prebuiltDirectory } from "liblcd";
import { type ConfiguredTree, isModuleFile, openModuleTree } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { collect } from "../command/machine-options";
import { CommandError } from "../errors";
import { HOST_RELEASE } from "../modules/module-source";
import { readingOfTrees } from "../modules/reading-of-trees";
import { didYouMean } from "../suggest";
import type { Terminal } from "../terminal";

/** Options that name a tree. */
export interface TreeOptions {
  readonly dirname?: string;
  readonly setVersion?: string;
  readonly config: readonly string[];
}

/** Adds the options that {@link TreeOptions} has. */
export function addTreeOptions(command: Command): Command {
  return command
    .option("-d, --dirname <directory>", "the directory that has lib/modules in it, or such a tree itself")
    .option("-S, --set-version <release>", "which of several trees in lib/modules")
    .option(
      "-C, --config <path>",
      "configuration instead of <directory>/etc/modprobe.d (may be given again)",
      collect,
      [],
    )
    .addHelpText("after", "\nWithout -d and -S the modules are the examples of LCD; -d / means those of this machine.");
}

/** Where a tree is. */
export interface Place {
  /** What `/` is to its kernel, without a slash at the end. */
  readonly root: string;
  /** The directory with the modules. */
  readonly directory: string;
  readonly release: string;
}

/** Opens the tree that the options name; tells when that takes long. @throws CommandError */
export async function openTree(options: TreeOptions, terminal: Terminal): Promise<ConfiguredTree & { place: Place }> {
  const place = findTree(options, terminal.cwd);
  const { root, directory } = place;
  const env = { files: nodeFiles, stderr: terminal.stderr, ...readingOfTrees(terminal) };
  const opened = await openModuleTree(env, directory, {
    root,
    program: "lcd modules",
    ...(options.config.length > 0 ? { config: options.config.map((path) => resolve(terminal.cwd, path)) } : {}),
    onIndexing: () =>
      terminal.stderr(`lcd modules: ${directory} has no modules.dep: reading every module${advice(place)}\n`),
  });
  return { ...opened, place };
}

function advice({ root, directory, release }: Place): string {
  const inRoot = directory === `${root}/lib/modules/${release}`;
  return inRoot ? ` (lcd depmod -b ${root || "/"} ${release} makes one)` : "";
}

/** Finds the tree that the options name. @throws CommandError */
export function findTree({ dirname, setVersion }: Omit<TreeOptions, "config">, cwd: string): Place {
  if (dirname === undefined && setVersion === undefined) {
    return { root: prebuiltDirectory, directory: prebuiltDirectory, release: HOST_RELEASE };
  }
  const asked = resolve(cwd, dirname ?? "/");
  const root = asked === "/" ? "" : asked;
  const parent = `${root}/lib/modules`;
  const releases = directoriesIn(parent);
  if (setVersion !== undefined) {
    if (releases?.includes(setVersion) === true)
      return { root, directory: `${parent}/${setVersion}`, release: setVersion };
    const known = releases ?? [];
    throw new CommandError(
      `there is no ${parent}/${setVersion}${didYouMean(setVersion, known) || listOf(known)}`,
      undefined,
      "ENOENT",
    );
  }
  if (releases === null) return bareTree(asked, dirname ?? "/");
  const chosen =
    releases.length === 1 ? releases[0] : releases.find((name) => root === "" && name === runningRelease());
  if (chosen !== undefined) return { root, directory: `${parent}/${chosen}`, release: chosen };
  const choice =
    releases.length === 0
      ? "there is no release in it"
      : `which one? ${releases.map((name) => `-S ${name}`).join(", ")}`;
  throw new CommandError(`${parent}: ${choice}`);
}

/** A directory that is a tree of modules itself. */
function bareTree(directory: string, asked: string): Place {
  const names = entriesOf(directory)?.map(({ name }) => name);
  if (names === undefined) throw new CommandError(`${asked}: no such directory`, undefined, "ENOENT");
  const isTree = names.some((name) => isModuleFile(name) || name === "kernel" || /^modules\.(dep|order)$/.test(name));
  if (!isTree) throw new CommandError(`${asked} has no lib/modules in it, and no modules`, undefined, "ENOENT");
  const [, root = directory] = /^(.*)\/lib\/modules\/[^/]+$/.exec(directory) ?? [];
  return { root, directory, release: basename(directory) };
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "" : `; there is ${names.join(", ")}`;
}

/** Names of directories in a directory, sorted; null when it is none. */
function directoriesIn(path: string): string[] | null {
  const entries = entriesOf(path);
  if (entries === undefined) return null;
  const names = entries.filter(
    (entry) =>
      entry.isDirectory() || statSync(join(path, entry.name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
  return names.map(({ name }) => name).sort();
}

function entriesOf(path: string): Dirent[] | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  return readdirSync(path, { withFileTypes: true });
}
