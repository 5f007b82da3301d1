import type { ModuleFile, ModuleTree } from "../tree/module-tree";

/**
 * Who needs whom, both ways, by name. Only what nothing else implies is in it: when `ext4` needs `jbd2` and `crc16`,
 * and `jbd2` needs `crc16`, then `ext4` leads to `jbd2`, and that to `crc16`.
 */
export interface ModuleGraph {
  /** For each module those that it needs, nearest first. */
  readonly needs: Arrows;
  /** For each module those that need it, in the order of `modules.dep`. */
  readonly neededBy: Arrows;
}

export type Arrows = ReadonlyMap<string, readonly string[]>;

/** Reads the graph of a tree out of `modules.dep`. */
export async function moduleGraph(tree: ModuleTree): Promise<ModuleGraph> {
  const modules = [...(await tree.modules()).values()];
  const all = new Map(modules.map((module) => [module.name, dependenciesOf(module)]));
  return bothWays([...all.keys()].map((name) => [name, nearest(name, all)]));
}

/**
 * The part of a graph that can be reached from some modules.
 *
 * @param direction `neededBy` to find those that need them, directly or not
 * @param depth how many arrows away at most
 */
export function reachable(
  graph: ModuleGraph,
  from: readonly string[],
  direction: keyof ModuleGraph,
  depth = Number.POSITIVE_INFINITY,
): ModuleGraph {
  const found = new Map<string, number>(from.map((name) => [name, 0]));
  const arrows: [from: string, to: string][] = [];
  for (const [name, distance] of found) {
    if (distance >= depth) continue;
    for (const next of graph[direction].get(name) ?? []) {
      arrows.push(direction === "needs" ? [name, next] : [next, name]);
      if (!found.has(next)) found.set(next, distance + 1);
    }
  }
  const needs = new Map<string, string[]>([...found.keys()].map((name) => [name, []]));
  for (const [user, used] of arrows) needs.get(user)?.push(used);
  return bothWays([...needs]);
}

/** A graph in the language of Graphviz: an arrow goes from a module to what it needs. */
export function graphToDot({ needs }: ModuleGraph): string {
  const lines = [...needs].flatMap(([name, targets]) => [
    `  ${quoted(name)};\n`,
    ...targets.map((target) => `  ${quoted(name)} -> ${quoted(target)};\n`),
  ]);
  return `digraph modules {\n${lines.join("")}}\n`;
}

/** A backslash has a meaning in labels, and the label of a node is its name. */
function quoted(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}

function dependenciesOf({ name, dependencies }: ModuleFile): ReadonlySet<string> {
  const names = new Set(dependencies);
  names.delete(name);
  return names;
}

/**
 * What a module needs and nothing else that it needs does. An arrow is left out only where one can go down instead, to a
 * module that needs fewer and then to one that needs still fewer: so that in loops, too, and with a wrong `modules.dep`,
 * all that was reached still is.
 */
function nearest(name: string, all: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const count = (module: string) => all.get(module)?.size ?? 0;
  const needs = [...(all.get(name) ?? [])];
  const implied = new Set<string>();
  for (const other of needs) {
    // What is implied implies nothing more: whoever implies it needs that, too.
    if (implied.has(other) || count(other) >= count(name)) continue;
    for (const further of all.get(other) ?? []) if (count(further) < count(other)) implied.add(further);
  }
  return needs.filter((other) => !implied.has(other));
}

function bothWays(needs: readonly (readonly [name: string, needs: readonly string[]])[]): ModuleGraph {
  const complete = new Map<string, readonly string[]>(needs);
  const neededBy = new Map<string, string[]>(needs.map(([name]) => [name, []]));
  for (const [name, targets] of needs) {
    for (const target of targets) {
      if (!complete.has(target)) complete.set(target, []);
      const users = neededBy.get(target);
      if (users === undefined) neededBy.set(target, [name]);
      else users.push(name);
    }
  }
  return { needs: complete, neededBy };
}
