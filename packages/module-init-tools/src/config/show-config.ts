import type { ModuleTree } from "../tree/module-tree";
import type { ModprobeConfig, SoftDependencies } from "./modprobe-config";

/** Everything that modprobe knows, as `modprobe -c` shows it: the configuration, then aliases and symbols of the tree. */
export async function showConfig(config: ModprobeConfig, tree: ModuleTree): Promise<string> {
  const lines = [
    ...config.blacklist.map((name) => `blacklist ${name}`),
    ...config.installCommands.map(({ pattern, command }) => `install ${pattern} ${command}`),
    ...config.removeCommands.map(({ pattern, command }) => `remove ${pattern} ${command}`),
    ...config.aliases.map(({ pattern, module }) => `alias ${pattern} ${module}`),
    ...config.options.map(({ module, options }) => `options ${module} ${options}`),
    ...config.softDependencies.map((soft) => `softdep ${soft.pattern} ${lists(soft)}`),
    "\n# End of configuration files. Dumping indexes now:\n",
    ...(await tree.aliases()).map(([alias, module]) => `alias ${alias} ${module}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** kmod has no blank between the two lists. */
function lists({ pre, post }: SoftDependencies): string {
  return [...list("pre:", pre), ...list("post:", post)].join("");
}

function list(title: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [[title, ...names].join(" ")];
}
