import type { Log } from "../command/log";
import type { ToolFiles } from "../files/files";
import { builtinEntries } from "../tree/builtin-modinfo";
import {
  aliasIndex,
  builtinAliasIndex,
  builtinIndex,
  dependencyIndex,
  type IndexListener,
  symbolIndex,
} from "./binary-indexes";
import type { DependencyGraph } from "./dependency-graph";
import { modulesDevname } from "./device-names";
import { dependencyLines, exportedInOrder, modulesAlias, modulesSoftdep, modulesSymbols } from "./index-files";
import { readIndexOrWarn } from "./kernel-files";
import type { DepmodOptions } from "./options";

/** What the indexes of a tree are made from. */
export interface IndexSources {
  readonly graph: DependencyGraph;
  /** From {@link DependencyGraph.places}: no module may be in a loop. */
  readonly places: readonly (number | null)[];
  /** The tree's directory, where the kernel's build has left `modules.builtin`. */
  readonly directory: string;
  readonly options: Pick<DepmodOptions, "dryRun" | "warnDuplicates">;
  readonly files: ToolFiles;
  readonly log: Log;
}

/** Every file that depmod writes, by its name, in its order; on a dry run only those that are text. */
export async function makeIndexes(sources: IndexSources): Promise<Record<string, string | Uint8Array>> {
  const { graph, places, directory, options, files, log } = sources;
  const { modules } = graph;
  const lines = dependencyLines(graph, places);
  const exported = exportedInOrder(graph);
  const texts = {
    "modules.dep": lines.map((line) => `${line}\n`).join(""),
    "modules.alias": modulesAlias(modules),
    "modules.softdep": modulesSoftdep(modules),
    "modules.symbols": modulesSymbols(graph, exported),
  };
  const complain = (message: string) => log.error(message);
  if (options.dryRun) return { ...texts, "modules.devname": modulesDevname(modules, complain) };
  const listener: IndexListener = {
    duplicate: (message) => (options.warnDuplicates ? log.warning(message) : undefined),
    warning: (message) => log.warning(message),
    error: (message) => log.error(message),
  };
  const indexes = {
    ...texts,
    "modules.dep.bin": dependencyIndex(modules, lines, listener),
    "modules.alias.bin": aliasIndex(modules, listener),
    "modules.symbols.bin": symbolIndex(graph, exported, listener),
  };
  const builtin = await readIndexOrWarn(files, directory, "modules.builtin", log);
  const builtinNames = builtin === null ? "" : builtinIndex(builtin, listener);
  const modinfo = await readIndexOrWarn(files, directory, "modules.builtin.modinfo", log);
  // Like kmod: an empty file rather than an empty index for what is not known.
  return {
    ...indexes,
    "modules.builtin.bin": builtinNames,
    "modules.builtin.alias.bin": modinfo === null ? "" : builtinAliasIndex(builtinEntries(modinfo), listener),
    "modules.devname": modulesDevname(modules, complain),
  };
}
