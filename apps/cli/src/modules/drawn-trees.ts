import { type Arrows, type ModuleGraph, reachable } from "module-init-tools";

/** Arrows in a row that are drawn at most; real modules need a tenth of it. */
const DEEPEST = 64;

/**
 * Draws what can be reached from some modules, a line for each. What hangs below a module that is met again is drawn
 * the first time only, so loops end, too.
 */
export function drawnTrees(roots: readonly string[], arrows: Arrows): string {
  const lines: string[] = [];
  const drawn = new Set<string>();
  const draw = (name: string, start: string, indent: string, depth: number): void => {
    const next = arrows.get(name) ?? [];
    const before = drawn.has(name) && next.length > 0;
    const tooDeep = depth === DEEPEST && next.length > 0;
    lines.push(`${start}${name}${before ? " (see above)" : tooDeep ? " ..." : ""}\n`);
    if (before || tooDeep) return;
    drawn.add(name);
    for (const [i, target] of next.entries()) {
      const last = i === next.length - 1;
      draw(target, `${indent}${last ? "└─ " : "├─ "}`, `${indent}${last ? "   " : "│  "}`, depth + 1);
    }
  };
  for (const root of roots) draw(root, "", "", 0);
  return lines.join("");
}

/** Modules from which all can be reached: those to which nothing leads, and one of each loop that is left. */
export function rootsOf(graph: ModuleGraph, direction: keyof ModuleGraph): string[] {
  const backwards = graph[direction === "needs" ? "neededBy" : "needs"];
  const names = [...graph.needs.keys()];
  const roots = names.filter((name) => (backwards.get(name) ?? []).length === 0);
  const reached = new Set(reachable(graph, roots, direction).needs.keys());
  for (const name of names) {
    if (reached.has(name)) continue;
    roots.push(name);
    for (const further of reachable(graph, [name], direction).needs.keys()) reached.add(further);
  }
  return roots;
}
