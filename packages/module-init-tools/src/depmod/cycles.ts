import type { DependencyGraph } from "./dependency-graph";

/** The modules that stand in dependency loops. */
export interface CycleReport {
  /** How many modules are in a loop; those that only need one that is are not counted. */
  readonly count: number;
  /** For each group of them one way round, as names from a module back to itself: `["a", "b", "a"]`. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * Explains why there is no order.
 *
 * @param places from {@link DependencyGraph.places}
 * @returns null when there is no loop
 */
export function findCycles(graph: DependencyGraph, places: readonly (number | null)[]): CycleReport | null {
  const inCycles = new Set<number>();
  const shown = new Set<number>();
  const cycles: string[][] = [];
  for (const [start, place] of places.entries()) {
    const cycle = place === null ? shortestWayBack(graph, start) : null;
    if (cycle === null) continue;
    inCycles.add(start);
    if (cycle.some((index) => shown.has(index))) continue;
    for (const index of cycle) shown.add(index);
    cycles.push(cycle.map((index) => graph.modules[index]?.name ?? ""));
  }
  return inCycles.size === 0 ? null : { count: inCycles.size, cycles };
}

/** Breadth first from a module to itself, both ends included; null when no way leads back. */
function shortestWayBack(graph: DependencyGraph, start: number): number[] | null {
  const cameFrom = new Map<number, number>();
  const open = [start];
  for (const index of open) {
    for (const next of graph.direct[index] ?? []) {
      if (next === start) return wayTo(index, start, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, index);
      open.push(next);
    }
  }
  return null;
}

function wayTo(last: number, start: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const way = [start, last];
  if (last === start) return way;
  for (let index = cameFrom.get(last); index !== undefined; index = index === start ? undefined : cameFrom.get(index)) {
    way.push(index);
  }
  return way.reverse();
}
