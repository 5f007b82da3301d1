import type { DependencyGraph } from "./dependency-graph";

/** The modules that stand in dependency loops. */
export interface CycleReport {
  /** How many modules are in a loop; those that only need one that is are not counted. */
  readonly count: number;
  /** The ways round, as names from a module back to itself: `["a", "b", "a"]`; of very many only some. */
  readonly cycles: readonly (readonly string[])[];
}

/** Ways round that are looked for, and steps taken for them, from each module: there can be very many. */
const MOST_CYCLES = 100;
const MOST_STEPS = 100_000;

/**
 * Explains why there is no order: with all ways round from the first module that is in a loop, then from the first that
 * was on none of them, and so on, in kmod's order.
 *
 * @param places from {@link DependencyGraph.places}
 * @returns null when there is no loop
 */
export function findCycles(graph: DependencyGraph, places: readonly (number | null)[]): CycleReport | null {
  const inCycles = new Set<number>();
  const shown = new Set<number>();
  const cycles: string[][] = [];
  for (const [start, place] of places.entries()) {
    const shortest = place === null ? shortestWayBack(graph, start) : null;
    if (shortest === null) continue;
    inCycles.add(start);
    if (shown.has(start)) continue;
    const found = cyclesFrom(graph, start);
    for (const cycle of found.length > 0 ? found : [shortest]) {
      for (const index of cycle) shown.add(index);
      cycles.push(cycle.map((index) => graph.modules[index]?.name ?? ""));
    }
  }
  return inCycles.size === 0 ? null : { count: inCycles.size, cycles };
}

/** Depth first from a module to itself, each module's last dependency first, without going in smaller circles. */
function cyclesFrom(graph: DependencyGraph, start: number): number[][] {
  const found: number[][] = [];
  const open = [[start]];
  const useful = leadingTo(graph, start);
  let steps = MOST_STEPS;
  for (let way = open.pop(); way !== undefined && found.length < MOST_CYCLES && steps-- > 0; way = open.pop()) {
    const last = way.at(-1) ?? start;
    if (way.length > 1 && last === start) {
      found.push(way);
      continue;
    }
    for (const next of graph.direct[last] ?? []) {
      if (useful.has(next) && (next === start || !way.includes(next))) open.push([...way, next]);
    }
  }
  return found;
}

/** The modules from which a way leads to one, itself among them. */
function leadingTo(graph: DependencyGraph, target: number): Set<number> {
  const users = graph.modules.map((): number[] => []);
  for (const [index, dependencies] of graph.direct.entries()) for (const next of dependencies) users[next]?.push(index);
  const found = new Set([target]);
  for (const index of found) for (const user of users[index] ?? []) found.add(user);
  return found;
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
