import { UsageError } from "../command/getopt";
import { Log } from "../command/log";
import { VERSION_TEXT } from "../command/program";
import { DEPMOD_DIRECTORIES, readDepmodConfig } from "../config/depmod-config";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf, errorText } from "../errno";
import { FatalError, ToolError } from "../errors";
import { baseName, givenPath } from "../files/path";
import { type CycleReport, findCycles } from "./cycles";
import { DependencyGraph, type Need } from "./dependency-graph";
import { type FoundModule, findModules, inBuildOrder, locationOf, namedModule } from "./find-modules";
import { type KernelSymbols, symbolsOfSymvers, symbolsOfSystemMap } from "./kernel-files";
import { makeIndexes } from "./make-indexes";
import { DEPMOD_USAGE, type DepmodOptions, parseDepmodOptions } from "./options";
import { readModuleTree } from "./read-tree";
import { isUpToDate } from "./up-to-date";
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
    return await run(parseDepmodOptions(args, log), env, log);
  } catch (error) {
    if (error instanceof UsageError) log.usage(error.message);
    else if (error instanceof FatalError) log.fatal(error.message);
    else if (error instanceof ToolError) log.error(error.message);
    else if (errorCodeOf(error) !== null) log.fatal(describeError(error));
    else throw error;
    return 1;
  }
}

async function run(options: DepmodOptions, env: ToolEnvironment, log: Log): Promise<number> {
  if (options.help || options.version) {
    env.stdout(options.help ? DEPMOD_USAGE : VERSION_TEXT);
    return 0;
  }
  const directory = treeDirectory(options.base, options, env);
  // On a dry run -A says nothing, as with kmod.
  if (options.quick && (options.dryRun || (await isUpToDate(env.files, directory, log)))) return 0;
  const kernel = await kernelSymbols(options, env, log);
  const found =
    options.modules.length > 0 ? await named(directory, options, env, log) : await search(directory, options, env, log);
  if (found === null) return 1;
  const graph = new DependencyGraph(
    await readModuleTree(env, directory, found, log, options.reportUnknown),
    options.symbolPrefix,
  );
  if (options.verbose) env.stdout(needLines(graph, directory));
  if (options.reportUnknown && kernel !== null) reportSymbols(graph, kernel, directory, log);
  const places = graph.places();
  if (reportCycles(findCycles(graph, places), log)) return 1;
  const output = treeDirectory(options.output ?? options.base, options, env);
  if (!options.dryRun) await prepareOutput(output, options, env);
  const indexes = await makeIndexes({ graph, places, directory, options, files: env.files, log });
  if (options.dryRun) {
    env.stdout(Object.values(indexes).join(""));
    return 0;
  }
  return (await write(output, indexes, env, log)) ? 0 : 1;
}

async function named(
  directory: string,
  { modules }: DepmodOptions,
  env: ToolEnvironment,
  log: Log,
): Promise<FoundModule[]> {
  const found = new Map<string, FoundModule>();
  for (const path of modules) {
    if (!path.startsWith("/")) throw new FatalError(`${path}: not absolute path.`);
    try {
      await env.files.stat(path);
    } catch (error) {
      if (errorCodeOf(error) === null) throw error;
      throw new FatalError(`could not create module ${path}: ${describeError(error)}`);
    }
    const module = namedModule(path, directory);
    if (module.name === "") throw new FatalError(`could not create module ${path}: ${errorText("ENOENT")}`);
    const known = found.get(module.name);
    const tried = known?.path === module.path ? "add" : "create";
    if (known !== undefined) throw new FatalError(`could not ${tried} module ${path}: ${errorText("EEXIST")}`);
    found.set(module.name, module);
  }
  return inBuildOrder(env.files, directory, [...found.values()], log);
}

async function search(
  directory: string,
  options: DepmodOptions,
  env: ToolEnvironment,
  log: Log,
): Promise<FoundModule[] | null> {
  const paths = options.config ?? DEPMOD_DIRECTORIES;
  const config = await readDepmodConfig(env.files, paths, options.release ?? env.release, log, env.cwd);
  try {
    return await findModules(env.files, directory, config, log);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`could not open directory ${directory}: ${describeError(error)}`);
    log.fatal(`could not search modules: ${describeError(error)}`);
    return null;
  }
}

/**
 * Finds out before the long work whether there is a place for what it makes; `-o` makes it, as from kmod 31 on.
 *
 * @throws FatalError
 */
async function prepareOutput(directory: string, { output }: DepmodOptions, env: ToolEnvironment): Promise<void> {
  try {
    if (output !== null) await env.files.makeDirectory?.(directory);
    await env.files.readDirectory(directory);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    throw new FatalError(`could not open directory ${directory}: ${describeError(error)}`);
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

/** The kernel's own symbols; null when no file of them was given. */
async function kernelSymbols(
  { reportUnknown, systemMap, symvers, symbolPrefix }: DepmodOptions,
  env: ToolEnvironment,
  log: Log,
): Promise<KernelSymbols | null> {
  const file = symvers ?? systemMap;
  if (file === null) {
    if (reportUnknown) log.warning("-e needs -E or -F");
    return null;
  }
  try {
    const path = givenPath(file, env.cwd);
    if (symvers !== null) {
      return await symbolsOfSymvers(env.files, path, symbolPrefix, (number, version) =>
        log.error(`${file}:${number} Invalid symbol version ${version}: it is no hexadecimal number`),
      );
    }
    return await symbolsOfSystemMap(env.files, path, symbolPrefix, (number, line) =>
      log.error(`${file}:${number}: invalid line: ${line}`),
    );
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    throw new FatalError(`could not load ${file}: ${describeError(error)}`);
  }
}

function reportSymbols(graph: DependencyGraph, kernel: KernelSymbols, directory: string, log: Log): void {
  for (const { module, symbol, known } of graph.symbolProblems(kernel)) {
    const problem = known ? "disagrees about version of symbol" : "needs unknown symbol";
    log.warning(`${locationOf(module, directory)} ${problem} ${symbol}`);
  }
}

/** For each module the others that it needs, each with the first symbol of it. */
function needLines(graph: DependencyGraph, directory: string): string {
  const line = ({ module, symbol, owner }: Need) =>
    `${locationOf(module, directory)} needs "${symbol}": ${locationOf(owner, directory)}\n`;
  return [...graph.needs()].map(line).join("");
}

function reportCycles(report: CycleReport | null, log: Log): boolean {
  if (report === null) return false;
  for (const cycle of report.cycles) log.error(`Cycle detected: ${cycle.join(" -> ")}`);
  log.error(`Found ${report.count} modules in dependency cycles!`);
  return true;
}

function treeDirectory(root: string | null, { release }: DepmodOptions, env: ToolEnvironment): string {
  const from = root === null ? "" : givenPath(root, env.cwd) || `${env.cwd ?? ""}/`;
  return `${from}/lib/modules/${release ?? env.release}`;
}
