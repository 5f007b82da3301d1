import type { Log } from "../command/log";
import type { ModprobeConfig, SoftDependencies } from "../config/modprobe-config";
import type { ToolEnvironment } from "../environment";
import { errorText } from "../errno";
import { ToolError } from "../errors";
import { loadedModule } from "../host/loaded-modules";
import { removeModule } from "../host/remove-module";
import { firstMatching } from "../tree/matching";
import type { ModuleTree } from "../tree/module-tree";
import type { ModprobeOptions } from "./options";
import { commandFor } from "./plan";
import { isBuiltinModule, itself, type Resolved, resolveName } from "./resolve";
import { noShell, runCommand, withParameters } from "./run-command";

/** What removing needs to know. */
export interface RemoveContext {
  readonly options: ModprobeOptions;
  readonly env: ToolEnvironment;
  readonly tree: ModuleTree;
  readonly config: ModprobeConfig;
  readonly log: Log;
  /** Says what stops the work on a module: as a warning when there are others to work on. */
  complain(message: string): void;
}

/**
 * Takes out a module: what it wanted to have loaded after it, with `--remove-holders` those that use it, the module
 * itself, what nobody needs any more, and what it wanted to have loaded before it.
 *
 * @returns whether the module is out, or was not in
 */
export async function removeWithDependencies(module: Resolved, context: RemoveContext): Promise<boolean> {
  const removal: Removal = { ...context, underWay: new Set(), stepsLeft: MOST_STEPS };
  return remove(module, { holders: context.options.removeHolders, skipBuiltin: false }, removal);
}

/** Soft dependencies that branch can lead to one module in more ways than anybody can go. */
const MOST_STEPS = 10_000;

/** One removal, with all that it brings with it. */
interface Removal extends RemoveContext {
  /** Soft dependencies may go in circles: what is being taken out is not begun again. */
  readonly underWay: Set<string>;
  stepsLeft: number;
}

interface How {
  readonly holders: boolean;
  /** Modules in the kernel itself are none of our business. */
  readonly skipBuiltin: boolean;
}

async function remove(module: Resolved, how: How, context: Removal): Promise<boolean> {
  const { name } = module;
  if (context.underWay.has(name)) return true;
  if (context.stepsLeft-- === 0) throw new ToolError(`the soft dependencies of ${name} branch too much`);
  context.underWay.add(name);
  try {
    return await removeFirst(module, how, context);
  } finally {
    context.underWay.delete(name);
  }
}

async function removeFirst(module: Resolved, how: How, context: Removal): Promise<boolean> {
  const { name } = module;
  const { options, env, tree, config, complain } = context;
  const soft = options.ignoreInstall ? undefined : softDependenciesOf(name, config);
  const command = options.ignoreInstall ? undefined : commandFor(module, "remove", config.removeCommands)?.command;
  const loaded = await loadedModule(env.files, name);
  if (command === undefined) {
    if (await isBuiltinModule(tree, module)) {
      if (!how.skipBuiltin) complain(`Module ${name} is builtin.`);
      return how.skipBuiltin;
    }
    if (loaded === null) {
      if (options.firstTime) complain(`Module ${name} is not in kernel.`);
      return !options.firstTime;
    }
  }
  await removeNamed(soft?.post ?? [], context);
  const holders = (loaded?.holders ?? []).map((holder) => itself(holder, "module"));
  if (how.holders && !(await removeAll(holders, context))) return false;
  if (command === undefined && options.waitMilliseconds === null && ((await usersOf(name, context)) ?? 0) > 0) {
    complain(`Module ${name} is in use.`);
    return false;
  }
  const removed = command === undefined ? await removeOne(name, context) : await runRemove(name, command, context);
  if (!removed) return false;
  if (command === undefined) await removeUnused(name, context);
  await removeNamed(soft?.pre ?? [], context);
  return true;
}

/** Takes out what names lead to, the last first; whatever stays is in nobody's way. */
async function removeNamed(names: readonly string[], context: Removal): Promise<void> {
  const modules: Resolved[] = [];
  for (const name of names) {
    for (const module of await resolveName(context.tree, context.config, name)) modules.push(module);
  }
  await removeAll(modules, context);
}

/** The last first, until one stays. */
async function removeAll(modules: readonly Resolved[], context: Removal): Promise<boolean> {
  for (const module of [...modules].reverse()) {
    if (!(await remove(module, { holders: false, skipBuiltin: true }, context))) return false;
  }
  return true;
}

/** What a module depended on goes too, unless somebody else uses it; a remove command has to see to that itself. */
async function removeUnused(name: string, context: RemoveContext): Promise<void> {
  const { dependencies } = (await context.tree.module(name)) ?? { dependencies: [] };
  for (const dependency of [...dependencies].reverse()) {
    if ((await usersOf(dependency, context)) === 0) await removeOne(dependency, context);
  }
}

async function usersOf(name: string, { env }: RemoveContext): Promise<number | null> {
  return (await loadedModule(env.files, name))?.users ?? null;
}

async function runRemove(name: string, configured: string, context: RemoveContext): Promise<boolean> {
  const { env, options, complain } = context;
  const command = withParameters(configured, "");
  if (options.show) env.stdout(`remove ${command}\n`);
  if (options.dryRun) return true;
  const code = await runCommand(env, name, command);
  if (code === 0) return true;
  complain(code === null ? noShell(command) : `Error running remove command for ${name}`);
  return false;
}

async function removeOne(name: string, { env, options, log }: RemoveContext): Promise<boolean> {
  if (options.show) env.stdout(`rmmod ${name}\n`);
  if (options.dryRun) return true;
  const code = await removeWaiting(env, name, options.force, options.waitMilliseconds ?? 0);
  if (code === null) return true;
  const hint = code === "ENOSYS" ? " (this host has no way to take modules out)" : "";
  log.error(`could not remove '${name}': ${errorText(code)}${hint}`);
  return false;
}

/** A kernel says so when a module is still in use; asked again and again until then. */
const BUSY_CODES: readonly string[] = ["EAGAIN", "EBUSY"];
const LONGEST_PAUSE = 500;

async function removeWaiting(
  env: ToolEnvironment,
  name: string,
  force: boolean,
  milliseconds: number,
): Promise<string | null> {
  const deadline = Date.now() + milliseconds;
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const code = await removeModule(env, name, { force, wait: false });
    const left = deadline - Date.now();
    if (code === null || !BUSY_CODES.includes(code) || left <= 0) return code;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
  }
}

function softDependenciesOf(name: string, config: ModprobeConfig): SoftDependencies | undefined {
  const soft = firstMatching(config.softDependencies, name);
  return soft === undefined || soft.pre.length + soft.post.length === 0 ? undefined : soft;
}
