import { parseElf, readModinfo } from "elf-image";
import type { ModprobeConfig } from "../config/modprobe-config";
import type { ModuleFile, ModuleTree } from "../tree/module-tree";
import { readModule } from "../tree/read-module";
import { explainLoading } from "./explain-loading";

/** Modules that suffice for a list of names. */
export interface ModuleSet {
  /** Every module that is needed, what it needs itself before it: loading them one after the other works. */
  readonly modules: readonly ModuleFile[];
  /** Names of modules that are needed and that the kernel itself has. */
  readonly builtin: readonly string[];
  /** Names that nobody knows. */
  readonly unknown: readonly string[];
  /** Modules with an install command, which modprobe runs instead of loading them. */
  readonly installCommands: readonly { readonly name: string; readonly command: string }[];
}

export interface SetOptions {
  /** Take in the modules that others would like to have loaded before or after them (default: true). */
  readonly softDependencies?: boolean;
}

/**
 * Finds the smallest set of modules with which every name can be loaded: what an initramfs has to have.
 *
 * @param asked names, aliases, `modalias` strings; an alias brings every module that serves it, as with modprobe
 * @throws ToolError when `modules.dep` has a module in a dependency loop
 */
export async function smallestSet(
  tree: ModuleTree,
  config: ModprobeConfig,
  asked: readonly string[],
  { softDependencies = true }: SetOptions = {},
): Promise<ModuleSet> {
  const used = softDependencies ? config : { ...config, softDependencies: [] };
  const modules = new Map<string, ModuleFile>();
  const builtin = new Set<string>();
  const unknown: string[] = [];
  const installCommands = new Map<string, string>();
  for (const word of new Set(asked)) {
    const loadings = await explainLoading(tree, used, word);
    if (loadings.length === 0) unknown.push(word);
    for (const { name, action } of loadings.flatMap(({ steps }) => steps)) {
      const module = await tree.module(name);
      if (module !== undefined) modules.set(name, module);
      else if (action.kind === "builtin") builtin.add(name);
      if (action.kind === "install") installCommands.set(name, action.command);
    }
  }
  return {
    modules: [...modules.values()],
    builtin: [...builtin],
    unknown,
    installCommands: [...installCommands].map(([name, command]) => ({ name, command })),
  };
}

/**
 * The firmware files that a module may ask for, as paths below `/lib/firmware`.
 *
 * @throws what the file system throws; DecompressError; ElfError
 */
export async function firmwareOf(tree: ModuleTree, { path }: ModuleFile): Promise<string[]> {
  const entries = readModinfo(parseElf(await readModule(tree.files, path)));
  return entries.flatMap(([key, value]) => (key === "firmware" ? [value] : []));
}
