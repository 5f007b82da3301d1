import { UsageError } from "../command/getopt";
import { Log } from "../command/log";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { baseName } from "../files/path";
import { findCycles } from "./cycles";
import { DependencyGraph } from "./dependency-graph";
import { type FoundModule, findModules } from "./find-modules";
import { modulesAlias, modulesDep, modulesSoftdep } from "./index-files";
import { DEPMOD_USAGE, type DepmodOptions, parseDepmodOptions } from "./options";
import { readModuleTree } from "./read-tree";
import { writeBeside } from "./write-beside";

/**
 * `lcd-depmod`: writes `modules.dep` and its companions for a tree of modules.
 *
 * @param argv the program's name first, as in C
 * @returns the exit code: 0, or 1 when nothing was written
 */
export async function lcdDepmod(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  const [program = "lcd-depmod", ...args] = argv;
  const log = new Log(baseName(program), (text) => env.stderr(text));
  try {
    const options = parseDepmodOptions(args);
    log.level = options.logLevel;
    return await run(options, env, log);
  } catch (error) {
    if (error instanceof UsageError) log.plain(error.message);
    else if (errorCodeOf(error) !== null) log.fatal(describeError(error));
    else throw error;
    return 1;
  }
}

async function run(options: DepmodOptions, env: ToolEnvironment, log: Log): Promise<number> {
  if (options.help) {
    env.stdout(DEPMOD_USAGE);
    return 0;
  }
  const [excess] = options.excess;
  if (excess !== undefined) {
    log.fatal(`${excess}: one version is all that depmod takes`);
    return 1;
  }
  const directory = treeDirectory(options.base, options, env);
  const found = await search(directory, env, log);
  if (found === null) return 1;
  const graph = new DependencyGraph(await readModuleTree(env.files, directory, found, log));
  const places = graph.places();
  const cycles = findCycles(graph, places);
  if (cycles !== null) {
    log.error(`Found ${cycles.count} modules in dependency cycles!`);
    for (const cycle of cycles.cycles) log.error(`Cycle detected: ${cycle.join(" -> ")}`);
    return 1;
  }
  const indexes = {
    "modules.dep": modulesDep(graph, places),
    "modules.alias": modulesAlias(graph.modules),
    "modules.softdep": modulesSoftdep(graph.modules),
  };
  if (options.dryRun) env.stdout(Object.values(indexes).join(""));
  else await writeBeside(env.files, treeDirectory(options.output ?? options.base, options, env), indexes);
  return 0;
}

async function search(directory: string, env: ToolEnvironment, log: Log): Promise<FoundModule[] | null> {
  try {
    return await findModules(env.files, directory);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`could not open directory ${directory}: ${describeError(error)}`);
    log.fatal(`could not search modules: ${describeError(error)}`);
    return null;
  }
}

function treeDirectory(root: string | null, { release }: DepmodOptions, env: ToolEnvironment): string {
  const from = root === null || root.startsWith("/") ? (root ?? "") : `${env.cwd ?? ""}/${root}`;
  return `${from}/lib/modules/${release ?? env.release}`;
}
