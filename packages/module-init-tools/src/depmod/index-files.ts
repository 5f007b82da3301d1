import type { DependencyGraph, GraphModule } from "./dependency-graph";
import { inHashOrder, SYMBOL_BUCKETS } from "./hash-order";

/**
 * The lines of `modules.dep`: for each module its path and those of everything that it needs, nearest first.
 *
 * @param places from {@link DependencyGraph.places}: no module may be in a loop
 */
export function dependencyLines(graph: DependencyGraph, places: readonly (number | null)[]): string[] {
  const place = (index: number) => places[index] ?? Number.POSITIVE_INFINITY;
  return graph.modules.map(({ path }, index) => {
    const dependencies = [...graph.allDependencies(index)].sort((a, b) => place(a) - place(b));
    return [`${path}:`, ...dependencies.map((dependency) => graph.modules[dependency]?.path)].join(" ");
  });
}

/** `modules.alias`: which modules serve an alias. */
export function modulesAlias(modules: readonly GraphModule[]): string {
  const lines = linesOf(modules, "aliases", (value, name) => `alias ${value} ${name}\n`);
  return `# Aliases extracted from modules themselves.\n${lines}`;
}

/** `modules.softdep`: what modules would like to have loaded before or after them. */
export function modulesSoftdep(modules: readonly GraphModule[]): string {
  const lines = linesOf(modules, "softDependencies", (value, name) => `softdep ${name} ${value}\n`);
  return `# Soft dependencies extracted from modules themselves.\n${lines}`;
}

/** `modules.symbols`: which module exports a symbol. */
export function modulesSymbols({ modules }: DependencyGraph, exported: ExportedSymbols): string {
  const lines = exported.map(([symbol, owner]) => `alias symbol:${symbol} ${modules[owner]?.name}\n`);
  return `# Aliases for symbols, used by symbol_request().\n${lines.join("")}`;
}

/** Every exported symbol with the index of its module, in the order of kmod's hash table. */
export type ExportedSymbols = readonly (readonly [symbol: string, owner: number])[];

export function exportedInOrder({ exporters }: DependencyGraph): ExportedSymbols {
  return inHashOrder([...exporters], ([symbol]) => symbol, SYMBOL_BUCKETS);
}

function linesOf(
  modules: readonly GraphModule[],
  kind: "aliases" | "softDependencies",
  line: (value: string, name: string) => string,
): string {
  const lines: string[] = [];
  for (const { name, facts } of modules) for (const value of facts[kind]) lines.push(line(value, name));
  return lines.join("");
}
