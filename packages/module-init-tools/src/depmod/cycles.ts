import { componentsOf } from "./components";
import type { DependencyGraph } from "./dependency-graph";

/** The modules that stand in dependency loops. */
export interface CycleReport {
  /** How many modules are in a loop; those that only need one that is are not counted. */
  readonly count: number;
  /**
   * The ways round, as names from a module back to itself: `["a", "b", "a"]`; of very many only some. One name alone is
   * of a module on no cycle: one on a cycle needs it, and it needs others.
   */
  readonly cycles: readonly (readonly string[])[];
}

/** Ways round that are looked for from each module: there can be very many. */
const MOST_CYCLES = 100;
/** Modules looked at to find them all, and then to find one more from each module that is left. */
const MOST_STEPS = 2_000_000;

/**
 * Explains why there is no order, with the ways round that kmod's depmod names, in its order.
 *
 * @param places from {@link DependencyGraph.places}
 * @returns null when there is no loop
 */
export function findCycles(graph: DependencyGraph, places: readonly (number | null)[]): CycleReport | null {
  const unplaced = [...places.keys()].filter((index) => places[index] === null);
  const component = componentsOf(graph.direct);
  const isInCycle = (index: number) =>
    graph.direct[index]?.some((next) => component[next] === component[index]) === true;
  const count = unplaced.filter(isInCycle).length;
  if (count === 0) return null;
  const cycles = new Search(graph, component, isInCycle, new Ring(unplaced)).cycles();
  const names = (cycle: readonly number[]) => cycle.map((index) => graph.modules[index]?.name ?? "");
  return { count, cycles: cycles.map(names) };
}

/** A way from a module to another one, by its last step. */
interface Way {
  readonly last: number;
  readonly before: Way | null;
  /** Modules on it. */
  readonly length: number;
}

class Search {
  readonly #seen = new Set<number>();
  readonly #stepsLeft = { all: MOST_STEPS, one: MOST_STEPS };

  constructor(
    private readonly graph: DependencyGraph,
    /** Modules with the same number need one another, directly or not. */
    private readonly component: ArrayLike<number>,
    private readonly isInCycle: (index: number) => boolean,
    /** The modules that are neither on a cycle that was found nor without dependencies. */
    private readonly left: Ring,
  ) {}

  cycles(): number[][] {
    const found: number[][] = [];
    for (let start = this.left.first; start !== null; start = this.left.first) {
      if (this.#stepsLeft.one <= 0 && found.length > 0) break;
      this.left.remove(start);
      found.push(...this.#from(start));
    }
    return found;
  }

  #from(start: number): number[][] {
    if (!this.isInCycle(start)) {
      // kmod names also these, each alone, though they are on no cycle.
      if (this.#seen.has(start)) return [[start]];
      this.#waysBack(start);
      return [];
    }
    const found = this.#waysBack(start);
    if (found.length > 0) return found;
    const shortest = this.#shortestWayBack(start);
    for (const index of shortest) this.left.remove(index);
    return [shortest];
  }

  /** Depth first from a module to itself, each module's last dependency first, without going in smaller circles. */
  #waysBack(start: number): number[][] {
    const found: number[][] = [];
    const open: Way[] = [{ last: start, before: null, length: 1 }];
    for (let way = open.pop(); way !== undefined && found.length < MOST_CYCLES; way = open.pop()) {
      if (way.last === start && way.before !== null) {
        const cycle = modulesOn(way).reverse();
        for (const index of cycle) this.left.remove(index);
        found.push(cycle);
        continue;
      }
      this.#seen.add(way.last);
      const dependencies = this.graph.direct[way.last] ?? [];
      if (dependencies.length === 0) this.left.remove(way.last);
      for (const next of dependencies) {
        const isUseful = this.component[next] === this.component[start];
        if (isUseful ? this.#goesOn(way, next, start) : !this.#seen.has(next)) {
          open.push({ last: next, before: way, length: way.length + 1 });
        }
      }
    }
    return found;
  }

  #goesOn(way: Way, next: number, start: number): boolean {
    if (this.#stepsLeft.all <= 0) return false;
    this.#stepsLeft.all -= way.length;
    return next === start || !modulesOn(way).includes(next);
  }

  /** Breadth first from a module on a cycle to itself, both ends included. */
  #shortestWayBack(start: number): number[] {
    const cameFrom = new Map<number, number>();
    const open = [start];
    for (const index of open) {
      for (const next of this.graph.direct[index] ?? []) {
        this.#stepsLeft.one--;
        if (next === start) return wayTo(index, start, cameFrom);
        if (cameFrom.has(next)) continue;
        cameFrom.set(next, index);
        open.push(next);
      }
    }
    return [];
  }
}

/** Members in a circle, one of them the first. */
class Ring {
  readonly #next = new Map<number, number>();
  readonly #previous = new Map<number, number>();
  #first: number | null;

  constructor(members: readonly number[]) {
    this.#first = members[0] ?? null;
    let previous = members.at(-1);
    for (const member of members) {
      if (previous !== undefined) this.#join(previous, member);
      previous = member;
    }
  }

  /** Null when there is none left. */
  get first(): number | null {
    return this.#first;
  }

  /** Makes the next member the first one, as kmod does; nothing happens if it is no member. */
  remove(member: number): void {
    const [previous, next] = [this.#previous.get(member), this.#next.get(member)];
    if (previous === undefined || next === undefined) return;
    this.#join(previous, next);
    this.#previous.delete(member);
    this.#next.delete(member);
    this.#first = next === member ? null : next;
  }

  #join(previous: number, next: number): void {
    this.#next.set(previous, next);
    this.#previous.set(next, previous);
  }
}

/** Last module first. */
function modulesOn(way: Way): number[] {
  const modules: number[] = [];
  for (let step: Way | null = way; step !== null; step = step.before) modules.push(step.last);
  return modules;
}

function wayTo(last: number, start: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const way = [start, last];
  if (last === start) return way;
  for (let index = cameFrom.get(last); index !== undefined; index = index === start ? undefined : cameFrom.get(index)) {
    way.push(index);
  }
  return way.reverse();
}
