import type { DependencyGraph } from "./dependency-graph";

/** The modules that stand in dependency loops, and one way round for each group of them. */
export interface CycleReport {
  readonly count: number;
  /** Names from a module back to itself: `["a", "b", "a"]`. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * Explains why there is no order.
 *
 * @param places from {@link DependencyGraph.places}
 * @returns null when there is no loop
 */
export function findCycles(graph: DependencyGraph, places: readonly (number | null)[]): CycleReport | null {
  const unplaced = [...places.keys()].filter((index) => places[index] === null);
  if (unplaced.length === 0) return null;
  const reported = new Set<number>();
  const cycles: string[][] = [];
  for (const start of unplaced) {
    if (reported.has(start)) continue;
    const cycle = shortestWayBack(graph, start);
    if (cycle === null) continue;
    for (const index of cycle) reported.add(index);
    cycles.push(cycle.map((index) => graph.modules[index]?.name ?? ""));
  }
  return { count: unplaced.length, cycles };
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
