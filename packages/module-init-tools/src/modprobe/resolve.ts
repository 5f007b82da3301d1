import type { ModprobeConfig } from "../config/modprobe-config";
import { havingPattern, matching } from "../tree/matching";
import { hasUnmatchedBracket, normalizeName } from "../tree/module-name";
import type { AliasMatch, ModuleTree } from "../tree/module-tree";

/** A module that a name leads to. */
export interface Resolved {
  readonly name: string;
  /** What was asked for, when it was not the module's own name. */
  readonly alias: string | null;
  /** The alias as it is written down, wildcards included; null for the module's own name. */
  readonly pattern: string | null;
  readonly source: NameSource;
}

/**
 * Who knows a name: an alias, or an install or remove command, of `modprobe.d`, a module by that name, one that exports the symbol,
 * an alias of a module; a module in the kernel itself by its name or an alias.
 */
export type NameSource =
  | "configuration"
  | "install"
  | "remove"
  | "module"
  | "symbol"
  | "alias"
  | "builtin"
  | "builtin alias";

/**
 * Finds the modules for a name. The first source that knows it decides: `modprobe.d` aliases, module names, exported
 * symbols, install and remove commands, aliases of modules, modules in the kernel itself.
 *
 * @returns empty when nobody knows the name; a module as often as aliases lead to it
 */
export async function resolveName(tree: ModuleTree, config: ModprobeConfig, asked: string): Promise<Resolved[]> {
  if (hasUnmatchedBracket(asked)) return [];
  const name = normalizeName(asked);
  const configured = matching(config.aliases, name);
  if (configured.length > 0) return aliased(name, "configuration", configured);
  if ((await tree.module(name)) !== undefined) return [itself(name, "module")];
  const exporters = await tree.modulesForSymbol(name);
  if (exporters.length > 0) return aliased(name, "symbol", exporters);
  if (havingPattern(config.installCommands, name) !== undefined) return [itself(name, "install")];
  if (havingPattern(config.removeCommands, name) !== undefined) return [itself(name, "remove")];
  const servers = await tree.modulesForAlias(name);
  if (servers.length > 0) return aliased(name, "alias", servers);
  return resolveBuiltin(tree, name);
}

/** Finds a module by its name alone, which ends at the first dot, or one in the kernel itself by its name or an alias: `modinfo -m`. */
export async function resolveModuleName(tree: ModuleTree, asked: string): Promise<Resolved[]> {
  const name = asked.replace(/\.[\s\S]*/, "").replaceAll("-", "_");
  return (await tree.module(name)) === undefined
    ? (await resolveBuiltin(tree, name)).slice(0, 1)
    : [itself(name, "module")];
}

/** Whether a module is in the kernel itself: by its name, or because it was found by what such modules serve. */
export async function isBuiltinModule(tree: ModuleTree, { name, source }: Resolved): Promise<boolean> {
  return source === "builtin alias" || (await tree.isBuiltin(name));
}

async function resolveBuiltin(tree: ModuleTree, name: string): Promise<Resolved[]> {
  if (await tree.isBuiltin(name)) return [itself(name, "builtin")];
  return aliased(name, "builtin alias", await tree.builtinForAlias(name));
}

/** A module that was asked for by its own name. */
export function itself(name: string, source: NameSource): Resolved {
  return { name, alias: null, pattern: null, source };
}

function aliased(alias: string, source: NameSource, matches: readonly AliasMatch[]): Resolved[] {
  return matches.map(({ pattern, module }) => ({ name: module, alias, pattern, source }));
}
