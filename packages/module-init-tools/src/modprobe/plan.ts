import { optionsFor } from "../config/config-lookup";
import type { ModprobeConfig } from "../config/modprobe-config";
import { ToolError } from "../errors";
import { firstMatching, havingPattern } from "../tree/matching";
import type { ModuleFile, ModuleTree } from "../tree/module-tree";
import { isBuiltinModule, itself, type Resolved, resolveName } from "./resolve";

/** One thing to do to get a module loaded. */
export interface Step {
  readonly name: string;
  readonly action:
    | { readonly kind: "insmod"; readonly path: string }
    | { readonly kind: "install"; readonly command: string }
    /** The kernel has it already. */
    | { readonly kind: "builtin" }
    /** Asked for by an alias or a soft dependency, but not in `modules.dep`. */
    | { readonly kind: "missing" };
  /** Parameters, from `modprobe.d` and for the module that was asked for from the command line too. */
  readonly options: string;
  /** Whether a failure fails the whole; soft dependencies may fail. */
  readonly required: boolean;
  readonly cause: Cause;
}

/** Why a step is part of a plan. */
export type Cause =
  | { readonly kind: "asked" }
  /** `modules.dep` says that a module needs it. */
  | { readonly kind: "dependency"; readonly of: string }
  /** A module would like it to be loaded `when`; `asked` is the name by which it does. */
  | { readonly kind: "soft dependency"; readonly of: string; readonly when: "pre" | "post"; readonly asked: string };

/**
 * Everything that loading a module means, in order: what it depends on first.
 *
 * @throws ToolError when `modules.dep` has the module in a dependency loop
 */
export async function loadPlan(
  tree: ModuleTree,
  config: ModprobeConfig,
  target: Resolved,
  { options, ignoreInstall, stepsLeft }: PlanOptions,
): Promise<Step[]> {
  const planner = new Planner(tree, config, stepsLeft);
  await planner.visit(target, { kind: "asked" }, true, ignoreInstall);
  const steps: Step[] = [];
  for (const module of planner.order) {
    const asked = module.name === target.name && module.alias === target.alias;
    const install = ignoreInstall && asked ? null : installAction(module, config);
    steps.push({
      name: module.name,
      action: install ?? (await loadAction(tree, module)),
      options: joinOptions(configuredOptions(config, module), asked ? options : ""),
      required: planner.required.has(module.name),
      cause: module.cause,
    });
  }
  return steps;
}

export interface PlanOptions {
  /** Parameters from the command line. */
  readonly options: string;
  /** Do not use the install command and the soft dependencies of the module that was asked for. */
  readonly ignoreInstall: boolean;
  /** The same for several plans that belong together. */
  readonly stepsLeft: StepsLeft;
}

/** Steps that plans may still have. */
export interface StepsLeft {
  count: number;
}

/** Every module of a big kernel after each other is less; a damaged index may give all of them the same long line. */
const MOST_STEPS = 100_000;

/** What plans that belong together begin with. */
export function everyStep(): StepsLeft {
  return { count: MOST_STEPS };
}

interface Planned extends Resolved {
  readonly cause: Cause;
  /** Soft dependencies that lead somewhere take the place of an install command. */
  readonly hasSoftDependencies: boolean;
}

class Planner {
  readonly order: Planned[] = [];
  readonly required = new Set<string>();
  readonly #visited = new Set<string>();
  readonly #needs = new Map<ModuleFile, ReadonlySet<string>>();

  constructor(
    private readonly tree: ModuleTree,
    private readonly config: ModprobeConfig,
    private readonly stepsLeft: StepsLeft,
  ) {}

  /** @param alone leaves out soft dependencies of the module itself */
  async visit(module: Resolved, cause: Cause, required: boolean, alone = false): Promise<void> {
    // As with kmod a module that is asked for by two names is visited twice, and then shown twice.
    const key = `${aliasOf(module) ?? ""}\0${module.name}`;
    if (this.#visited.has(key)) return;
    this.#visited.add(key);
    this.#requireSteps(module);
    const dependencies = await this.#dependenciesOf(module.name);
    if (required) for (const name of [module.name, ...dependencies]) this.required.add(name);
    for (const name of dependencies) {
      await this.#addWithSoftDependencies(itself(name, "module"), { kind: "dependency", of: module.name });
    }
    if (alone) this.#add({ ...module, cause, hasSoftDependencies: false });
    else await this.#addWithSoftDependencies(module, cause);
  }

  async #addWithSoftDependencies(module: Resolved, cause: Cause): Promise<void> {
    const soft = firstMatching(this.config.softDependencies, module.name);
    const [pre, post] = [await this.#resolve(soft?.pre), await this.#resolve(soft?.post)];
    await this.#visitAll(pre, module.name, "pre");
    this.#add({ ...module, cause, hasSoftDependencies: pre.length + post.length > 0 });
    await this.#visitAll(post, module.name, "post");
  }

  #requireSteps({ name }: Resolved): void {
    if (this.stepsLeft.count <= 0) throw new ToolError(`loading ${name} means more than ${MOST_STEPS} steps`);
  }

  #add(module: Planned): void {
    this.#requireSteps(module);
    this.stepsLeft.count--;
    this.order.push(module);
  }

  /** Farthest first, the order to load them in; `modules.dep` has them nearest first. */
  async #dependenciesOf(name: string): Promise<string[]> {
    const module = await this.tree.module(name);
    if (module === undefined) return [];
    // A damaged modules.dep may name one again and again.
    for (const needed of this.#needsOf(module)) {
      const file = await this.tree.module(needed);
      if (file !== undefined && this.#needsOf(file).has(module.name)) throw loopError(module.name, needed);
    }
    return [...module.dependencies].reverse();
  }

  #needsOf(module: ModuleFile): ReadonlySet<string> {
    const known = this.#needs.get(module) ?? new Set(module.dependencies);
    this.#needs.set(module, known);
    return known;
  }

  async #resolve(names: readonly string[] = []): Promise<{ asked: string; module: Resolved }[]> {
    const found: { asked: string; module: Resolved }[] = [];
    for (const asked of names) {
      for (const module of await resolveName(this.tree, this.config, asked)) found.push({ asked, module });
    }
    return found;
  }

  async #visitAll(
    found: readonly { asked: string; module: Resolved }[],
    of: string,
    when: "pre" | "post",
  ): Promise<void> {
    for (const { asked, module } of found) {
      await this.visit(module, { kind: "soft dependency", of, when, asked }, false);
    }
  }
}

function loopError(name: string, needed: string): ToolError {
  const loop = needed === name ? [name, name] : [name, needed, name];
  return new ToolError(
    `Module ${name} is in a dependency loop (${loop.join(" -> ")}) and cannot be loaded; see modules.dep`,
  );
}

function installAction(module: Planned, config: ModprobeConfig): Step["action"] | null {
  if (module.hasSoftDependencies) return null;
  const install = commandFor(module, "install", config.installCommands);
  return install === undefined ? null : { kind: "install", command: install.command };
}

async function loadAction(tree: ModuleTree, module: Resolved): Promise<Step["action"]> {
  const file = await tree.module(module.name);
  if (file !== undefined) return { kind: "insmod", path: file.path };
  return (await isBuiltinModule(tree, module)) ? { kind: "builtin" } : { kind: "missing" };
}

function configuredOptions(config: ModprobeConfig, target: Resolved): string {
  const alias = aliasOf(target);
  return optionsFor(config, alias === null ? [target.name] : [target.name, alias]).join(" ");
}

/** The first command whose pattern matches; for a module that is known by its command alone that one. */
export function commandFor<T extends { readonly pattern: string }>(
  { name, source }: Resolved,
  kind: "install" | "remove",
  commands: readonly T[],
): T | undefined {
  return source === kind ? havingPattern(commands, name) : firstMatching(commands, name);
}

/** The alias that options can be for: what was asked for, or what `modprobe.d` says, wildcards and all. */
function aliasOf({ alias, pattern, source }: Resolved): string | null {
  return source === "configuration" ? pattern : alias;
}

/** kmod has the blank even when nothing follows it, and `modprobe -D` shows it. */
function joinOptions(configured: string, asked: string): string {
  return configured === "" ? asked : `${configured} ${asked}`;
}
