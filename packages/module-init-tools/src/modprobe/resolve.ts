import type { ModprobeConfig } from "../config/modprobe-config";
import { hasUnmatchedBracket, normalizeName } from "../tree/module-name";
import type { ModuleTree } from "../tree/module-tree";
import { wildcardMatch } from "../tree/wildcard";

/** A module that a name leads to. */
export interface Resolved {
  readonly name: string;
  /** What was asked for, when it was not the module's own name. */
  readonly alias: string | null;
}

/**
 * Finds the modules for a name. The first source that knows it decides: `modprobe.d` aliases, module names, exported
 * symbols, install commands, aliases of modules, modules in the kernel itself.
 *
 * @returns empty when nobody knows the name
 */
export async function resolveName(tree: ModuleTree, config: ModprobeConfig, asked: string): Promise<Resolved[]> {
  if (hasUnmatchedBracket(asked)) return [];
  const name = normalizeName(asked);
  const configured = config.aliases.filter(({ pattern }) => wildcardMatch(pattern, name));
  if (configured.length > 0) return aliased(name, [...new Set(configured.map(({ module }) => module))]);
  if ((await tree.module(name)) !== undefined) return [{ name, alias: null }];
  const exporters = await tree.modulesForSymbol(name);
  if (exporters.length > 0) return aliased(name, exporters);
  if (config.installCommands.some(({ pattern }) => pattern === name)) return [{ name, alias: null }];
  const servers = await tree.modulesForAlias(name);
  if (servers.length > 0) return aliased(name, servers);
  if ((await tree.builtin()).has(name)) return [{ name, alias: null }];
  return aliased(name, await tree.builtinForAlias(name));
}

function aliased(alias: string, modules: readonly string[]): Resolved[] {
  return modules.map((name) => ({ name, alias }));
}
