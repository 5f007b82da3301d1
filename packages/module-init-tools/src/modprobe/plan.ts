import type { ModprobeConfig } from "../config/modprobe-config";
import { ToolError } from "../errors";
import type { ModuleFile, ModuleTree } from "../tree/module-tree";
import { wildcardMatch } from "../tree/wildcard";
import { itself, type Resolved, resolveName } from "./resolve";

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
  { options, ignoreInstall }: PlanOptions,
): Promise<Step[]> {
  const planner = new Planner(tree, config);
  await planner.visit(target, { kind: "asked" }, true, ignoreInstall);
  const builtin = await tree.builtin();
  const modules = await tree.modules();
  return planner.order.map((module) => {
    const asked = module.name === target.name;
    return {
      name: module.name,
      action: (ignoreInstall && asked ? null : installAction(module, config)) ?? loadAction(module, modules, builtin),
      options: joinOptions(configuredOptions(config, module), asked ? options : ""),
      required: planner.required.has(module.name),
      cause: module.cause,
    };
  });
}

export interface PlanOptions {
  /** Parameters from the command line. */
  readonly options: string;
  /** Do not use the install command and the soft dependencies of the module that was asked for. */
  readonly ignoreInstall: boolean;
}

interface Planned extends Resolved {
  readonly cause: Cause;
  /** Soft dependencies take the place of an install command. */
  readonly hasSoftDependencies: boolean;
}

class Planner {
  readonly order: Planned[] = [];
  readonly required = new Set<string>();
  readonly #visited = new Set<string>();

  constructor(
    private readonly tree: ModuleTree,
    private readonly config: ModprobeConfig,
  ) {}

  /** @param alone leaves out soft dependencies of the module itself */
  async visit(module: Resolved, cause: Cause, required: boolean, alone = false): Promise<void> {
    if (this.#visited.has(module.name)) return;
    this.#visited.add(module.name);
    const dependencies = await dependenciesOf(this.tree, module.name);
    if (required) for (const name of [module.name, ...dependencies]) this.required.add(name);
    for (const name of dependencies) {
      await this.#addWithSoftDependencies(itself(name, "module"), { kind: "dependency", of: module.name });
    }
    if (alone) this.order.push({ ...module, cause, hasSoftDependencies: false });
    else await this.#addWithSoftDependencies(module, cause);
  }

  async #addWithSoftDependencies(module: Resolved, cause: Cause): Promise<void> {
    const soft = this.config.softDependencies.find(({ pattern }) => wildcardMatch(pattern, module.name));
    await this.#visitAll(soft?.pre ?? [], module.name, "pre");
    this.order.push({ ...module, cause, hasSoftDependencies: (soft?.pre.length ?? 0) + (soft?.post.length ?? 0) > 0 });
    await this.#visitAll(soft?.post ?? [], module.name, "post");
  }

  async #visitAll(names: readonly string[], of: string, when: "pre" | "post"): Promise<void> {
    for (const asked of names) {
      const cause: Cause = { kind: "soft dependency", of, when, asked };
      for (const module of await resolveName(this.tree, this.config, asked)) await this.visit(module, cause, false);
    }
  }
}

/** Farthest first, the order to load them in; `modules.dep` has them nearest first. */
async function dependenciesOf(tree: ModuleTree, name: string): Promise<string[]> {
  const modules = await tree.modules();
  const module = modules.get(name);
  if (module === undefined) return [];
  refuseLoop(module, modules);
  return [...module.dependencies].reverse();
}

function refuseLoop(module: ModuleFile, modules: ReadonlyMap<string, ModuleFile>): void {
  const back = module.dependencies.find((name) => modules.get(name)?.dependencies.includes(module.name));
  if (back === undefined) return;
  const loop = back === module.name ? [back, back] : [module.name, back, module.name];
  throw new ToolError(
    `Module ${module.name} is in a dependency loop (${loop.join(" -> ")}) and cannot be loaded; see modules.dep`,
  );
}

function installAction(module: Planned, config: ModprobeConfig): Step["action"] | null {
  if (module.hasSoftDependencies) return null;
  const install = config.installCommands.find(({ pattern }) => wildcardMatch(pattern, module.name));
  return install === undefined ? null : { kind: "install", command: install.command };
}

function loadAction(
  { name, source }: Resolved,
  modules: ReadonlyMap<string, ModuleFile>,
  builtin: ReadonlySet<string>,
): Step["action"] {
  const file = modules.get(name);
  if (file !== undefined) return { kind: "insmod", path: file.path };
  return builtin.has(name) || source === "builtin alias" ? { kind: "builtin" } : { kind: "missing" };
}

function configuredOptions(config: ModprobeConfig, { name, alias }: Resolved): string {
  const matching = config.options.filter(({ module }) => module === name || module === alias);
  return matching.map(({ options }) => options).join(" ");
}

/** kmod has the blank even when nothing follows it, and `modprobe -D` shows it. */
function joinOptions(configured: string, asked: string): string {
  return configured === "" ? asked : `${configured} ${asked}`;
}
