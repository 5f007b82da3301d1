import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { ModuleFile } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import type { Terminal } from "../terminal";
import type { Place } from "./find-tree";

/** What the kernel's build leaves in a tree, and depmod wants to have. */
const FROM_BUILD = ["modules.order", "modules.builtin", "modules.builtin.modinfo"] as const;

/** Copies modules into `<target>/lib/modules/<release>`, each to where it was in its tree; says how to go on. */
export async function copySet(
  modules: readonly ModuleFile[],
  place: Place,
  target: string,
  terminal: Terminal,
): Promise<void> {
  const directory = join(resolve(terminal.cwd, target), "lib/modules", place.release);
  for (const { path } of modules) {
    const below = relative(place.directory, path);
    // Modules may be outside of the tree that lists them.
    await copy(path, join(directory, below.startsWith("..") ? join("extra", basename(path)) : below));
  }
  for (const name of FROM_BUILD) {
    const path = join(place.directory, name);
    if (existsSync(path)) await copy(path, join(directory, name));
  }
  const copied = modules.length === 1 ? "1 module is" : `${modules.length} modules are`;
  terminal.stderr(`lcd: ${copied} in ${directory} now; lcd depmod -b ${target} ${place.release} makes modules.dep\n`);
}

/** With the files of the module tools, which know names that are no UTF-8. */
async function copy(from: string, to: string): Promise<void> {
  await nodeFiles.makeDirectory(dirname(to));
  await nodeFiles.writeFile(to, await nodeFiles.readFile(from));
}
