import type { Log } from "../command/log";
import type { ToolFiles } from "../files/files";
import { isModuleFile, moduleNameOfPath, uncompressedPath } from "../tree/module-name";
import { linesOf } from "../tree/text";
import { inHashOrder, MODULE_BUCKETS } from "./hash-order";
import { readIndexOrWarn } from "./kernel-files";

/** A module file in a tree. */
export interface FoundModule {
  readonly name: string;
  /** Below the tree's directory: `kernel/lib/crc16.ko`. */
  readonly path: string;
}

/** Links to the kernel's build tree and sources: not part of the modules. */
const SKIPPED_DIRECTORIES: readonly string[] = ["build", "source"];

/** Modules below this directory come before those of the same name elsewhere (depmod.d(5), the default `search`). */
const PREFERRED_DIRECTORY = "updates/";

/**
 * Finds the modules of a tree: one file for each name, the first that is met.
 *
 * @param directory `/lib/modules/<release>`
 * @returns those that `modules.order` names first, in its order, then the others in the order of kmod's hash table
 */
export async function findModules(files: ToolFiles, directory: string, log: Log): Promise<FoundModule[]> {
  const byName = new Map<string, FoundModule>();
  for await (const path of moduleFiles(files, directory, "")) {
    const module = { name: moduleNameOfPath(path), path };
    const known = byName.get(module.name);
    if (known === undefined || priority(path) > priority(known.path)) byName.set(module.name, module);
  }
  const order = (await readIndexOrWarn(files, directory, "modules.order", log)) ?? "";
  return inModulesOrder(
    inHashOrder([...byName.values()], ({ name }) => name, MODULE_BUCKETS),
    usableOrder(order, `${directory}/modules.order`, log),
  );
}

async function* moduleFiles(files: ToolFiles, root: string, below: string): AsyncIterable<string> {
  for (const entry of await files.readDirectory(below === "" ? root : `${root}/${below}`)) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    const kind = entry.kind === "other" ? (await files.stat(`${root}/${path}`)).kind : entry.kind;
    if (kind === "directory" && !SKIPPED_DIRECTORIES.includes(entry.name)) yield* moduleFiles(files, root, path);
    else if (kind === "file" && isModuleFile(entry.name)) yield path;
  }
}

function priority(path: string): number {
  return path.startsWith(PREFERRED_DIRECTORY) ? 1 : 0;
}

/** A file whose last line was cut off is not used, as with kmod. */
function usableOrder(order: string, path: string, log: Log): string {
  if (order === "" || order.endsWith("\n")) return order;
  log.error(`${path}:${linesOf(order).length} corrupted line misses '\\n'`);
  return "";
}

function inModulesOrder(modules: readonly FoundModule[], order: string): FoundModule[] {
  const places = new Map(linesOf(order).map((path, place) => [path, place]));
  const placeOf = ({ path }: FoundModule) => places.get(uncompressedPath(path)) ?? places.size;
  return [...modules].sort((a, b) => placeOf(a) - placeOf(b));
}
