import type { Log } from "../command/log";
import type { DepmodConfig } from "../config/depmod-config";
import { describeError, errorCodeOf } from "../errno";
import type { DirectoryEntry, ToolFiles } from "../files/files";
import { isModuleFile, moduleNameOfPath, pathInModulesOrder } from "../tree/module-name";
import { linesOf } from "../tree/text";
import { entriesBelow, entryStatus, type LinksLeft, MOST_LINKS } from "./entry-status";
import { inHashOrder, MODULE_BUCKETS } from "./hash-order";
import { readIndexOrWarn } from "./kernel-files";
import { Preference } from "./preference";

/** A module file in a tree. */
export interface FoundModule {
  readonly name: string;
  /** Below the tree's directory, `kernel/lib/crc16.ko`; absolute outside of it. */
  readonly path: string;
}

/** Links to the kernel's build tree and sources: not part of the modules. */
export const SKIPPED_DIRECTORIES: readonly string[] = ["build", "source"];

/**
 * Finds the modules of a tree: one file for each name, the best as `depmod.d` says, otherwise the first that is met.
 *
 * @param directory `/lib/modules/<release>`
 * @returns those that `modules.order` names first, in its order, then the others in the order of kmod's hash table
 */
export async function findModules(
  files: ToolFiles,
  directory: string,
  config: DepmodConfig,
  log: Log,
): Promise<FoundModule[]> {
  const byName = new Map<string, FoundModule>();
  const preference = new Preference(config, (path) => locationOf({ name: "", path }, directory));
  const meet = (path: string) => {
    const module = { name: moduleNameOfPath(path), path };
    const known = byName.get(module.name);
    if (known === undefined || preference.isBetter(path, known.path)) byName.set(module.name, module);
  };
  const search: Search = { files, excluded: new Set(config.excluded), links: { left: MOST_LINKS }, log };
  const entries = await files.readDirectory(directory);
  for (const path of await moduleFiles(search, directory, "", entries)) meet(path);
  for (const external of config.external) {
    const outside = await entriesOutside(files, external, log);
    for (const path of await moduleFiles(search, external, "", outside))
      meet(pathInTree(`${external}/${path}`, directory));
  }
  return inBuildOrder(files, directory, [...byName.values()], log);
}

/**
 * A module that is named by its file instead of looked for.
 *
 * @param path absolute
 */
export function namedModule(path: string, directory: string): FoundModule {
  return { name: moduleNameOfPath(path), path: pathInTree(path, directory) };
}

/** Modules that `modules.order` names first, in its order, then the others in the order of kmod's hash table. */
export async function inBuildOrder(
  files: ToolFiles,
  directory: string,
  modules: readonly FoundModule[],
  log: Log,
): Promise<FoundModule[]> {
  const unordered = inHashOrder(modules, ({ name }) => name, MODULE_BUCKETS);
  try {
    await files.stat(directory);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.warning(`could not open directory ${directory}: ${describeError(error)}`);
    return unordered;
  }
  const order = (await readIndexOrWarn(files, directory, "modules.order", log)) ?? "";
  return inModulesOrder(unordered, usableOrder(order, `${directory}/modules.order`, log));
}

/** Where a module's file is. */
export function locationOf({ path }: FoundModule, directory: string): string {
  return path.startsWith("/") ? path : `${directory}/${path}`;
}

function pathInTree(path: string, directory: string): string {
  return path.startsWith(`${directory}/`) ? path.slice(directory.length).replace(/^\/+/, "") : path;
}

/** What an external directory holds. One that cannot be read is named, and the search goes on. */
async function entriesOutside(files: ToolFiles, path: string, log: Log): Promise<readonly DirectoryEntry[]> {
  try {
    return await files.readDirectory(path);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`could not open directory ${path}: ${describeError(error)}`);
    return [];
  }
}

interface Search {
  readonly files: ToolFiles;
  readonly excluded: ReadonlySet<string>;
  readonly links: LinksLeft;
  readonly log: Log;
}

async function moduleFiles(
  search: Search,
  root: string,
  below: string,
  entries: readonly DirectoryEntry[],
  found: string[] = [],
): Promise<string[]> {
  const { files, excluded, links, log } = search;
  const directory = below === "" ? root : `${root}/${below}`;
  for (const { name, kind } of entries) {
    if (SKIPPED_DIRECTORIES.includes(name)) continue;
    const path = below === "" ? name : `${below}/${name}`;
    const linked = kind === "other" ? await entryStatus(files, directory, name, log) : null;
    const real = linked?.kind ?? kind;
    if (real === "directory" && !excluded.has(name)) {
      const inside = await entriesBelow(files, directory, name, linked, links, log);
      await moduleFiles(search, root, path, inside, found);
    } else if (real === "file" && isModuleFile(name)) found.push(path);
    else if (linked?.kind === "other") log.error(`unsupported file type ${directory}/${name}`);
  }
  return found;
}

/** A file whose last line was cut off is not used, as with kmod. */
function usableOrder(order: string, path: string, log: Log): string {
  if (order === "" || order.endsWith("\n")) return order;
  log.error(`${path}:${linesOf(order).length} corrupted line misses '\\n'`);
  return "";
}

function inModulesOrder(modules: readonly FoundModule[], order: string): FoundModule[] {
  const lines = linesOf(order);
  const places = new Map(lines.map((path, place) => [path, place]));
  const placeOf = ({ path }: FoundModule) => places.get(pathInModulesOrder(path)) ?? lines.length;
  const placed = modules.map((module) => ({ module, place: placeOf(module) }));
  return placed.sort((a, b) => a.place - b.place).map(({ module }) => module);
}
