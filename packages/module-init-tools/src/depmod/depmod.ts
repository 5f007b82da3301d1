import { UsageError } from "../command/getopt";
import { Log } from "../command/log";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { absolutePath, baseName } from "../files/path";
import { type CycleReport, findCycles } from "./cycles";
import { DependencyGraph } from "./dependency-graph";
import { type FoundModule, findModules } from "./find-modules";
import { kernelSymbols } from "./kernel-files";
import { makeIndexes } from "./make-indexes";
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
    if (error instanceof UsageError) log.usage(error.message);
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
  const badVersion =
    excess ?? (options.release !== null && !VERSION.test(options.release) ? options.release : undefined);
  if (badVersion !== undefined) {
    log.error(`Bad version passed ${badVersion}`);
    return 1;
  }
  const directory = treeDirectory(options.base, options, env);
  const found = await search(directory, env, log);
  if (found === null) return 1;
  const graph = new DependencyGraph(await readModuleTree(env.files, directory, found, log));
  if (!(await reportUnknown(graph, directory, options, env, log))) return 1;
  const places = graph.places();
  if (reportCycles(findCycles(graph, places), log)) return 1;
  const indexes = await makeIndexes({ graph, places, directory, options, files: env.files, log });
  if (options.dryRun) {
    env.stdout(Object.values(indexes).join(""));
    return 0;
  }
  return (await write(treeDirectory(options.output ?? options.base, options, env), indexes, env, log)) ? 0 : 1;
}

/** `6.1.0-56-amd64`. */
const VERSION = /^\d+\.\d+/;

async function search(directory: string, env: ToolEnvironment, log: Log): Promise<FoundModule[] | null> {
  try {
    return await findModules(env.files, directory, log);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`could not open directory ${directory}: ${describeError(error)}`);
    log.fatal(`could not search modules: ${describeError(error)}`);
    return null;
  }
}

async function write(
  directory: string,
  indexes: Readonly<Record<string, string | Uint8Array>>,
  env: ToolEnvironment,
  log: Log,
): Promise<boolean> {
  try {
    await writeBeside(env.files, directory, indexes);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.fatal(`could not write to ${directory}: ${describeError(error)}`);
    return false;
  }
}

/** @returns false when the kernel's symbols cannot be read */
async function reportUnknown(
  graph: DependencyGraph,
  directory: string,
  { reportUnknown, systemMap }: DepmodOptions,
  env: ToolEnvironment,
  log: Log,
): Promise<boolean> {
  if (systemMap === null) {
    if (reportUnknown) log.warning("-e needs -F");
    return true;
  }
  try {
    const kernel = await kernelSymbols(env.files, absolutePath(systemMap, env.cwd));
    if (!reportUnknown) return true;
    for (const { module, symbol } of graph.unknownSymbols(kernel)) {
      log.warning(`${directory}/${module.path} needs unknown symbol ${symbol}`);
    }
    return true;
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.fatal(`could not load ${systemMap}: ${describeError(error)}`);
    return false;
  }
}

function reportCycles(report: CycleReport | null, log: Log): boolean {
  if (report === null) return false;
  for (const cycle of report.cycles) log.error(`Cycle detected: ${cycle.join(" -> ")}`);
  log.error(`Found ${report.count} modules in dependency cycles!`);
  return true;
}

function treeDirectory(root: string | null, { release }: DepmodOptions, env: ToolEnvironment): string {
  const from = root === null || root.startsWith("/") ? (root ?? "") : `${env.cwd ?? ""}/${root}`;
  return `${from}/lib/modules/${release ?? env.release}`;
}
