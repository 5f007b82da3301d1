import { isBlacklisted } from "../config/config-lookup";
import type { ModprobeConfig } from "../config/modprobe-config";
import { everyStep, loadPlan, type Step } from "../modprobe/plan";
import { type Resolved, resolveName } from "../modprobe/resolve";
import type { ModuleTree } from "../tree/module-tree";

/** What loading one of the modules means that a name leads to. */
export interface Loading {
  readonly module: Resolved;
  /**
   * The configuration blacklists it and it was asked for by an alias: modprobe and udev leave it out, with all of its
   * steps.
   */
  readonly blacklisted: boolean;
  /** What is done, in order, as `modprobe -D` shows it; each with its cause. */
  readonly steps: readonly Step[];
}

/**
 * Tells which modules would be loaded for a name, an alias or a `modalias` string, in which order, and why.
 *
 * @returns empty when nobody knows the name
 * @throws ToolError when `modules.dep` has a module in a dependency loop
 */
export async function explainLoading(tree: ModuleTree, config: ModprobeConfig, asked: string): Promise<Loading[]> {
  const loadings = new Map<string, Loading>();
  const stepsLeft = everyStep();
  for (const module of await resolveName(tree, config, asked)) {
    // A module has as many patterns as match; the first says enough.
    if (loadings.has(module.name)) continue;
    loadings.set(module.name, {
      module,
      blacklisted: module.alias !== null && isBlacklisted(config, module.name),
      steps: await loadPlan(tree, config, module, { options: "", ignoreInstall: false, stepsLeft }),
    });
  }
  return [...loadings.values()];
}
