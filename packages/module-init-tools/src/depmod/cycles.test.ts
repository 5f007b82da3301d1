import { expect, test } from "vitest";
import { makeModule } from "../testing";
import { findCycles } from "./cycles";
import { DependencyGraph } from "./dependency-graph";
import { readModuleFacts } from "./module-facts";

/** `ab` is a module a that needs b. */
function graphOf(text: string): DependencyGraph {
  const modules = text.split(" ").map(([name = "", ...needs]) => {
    const facts = readModuleFacts(makeModule({ exports: [name], imports: needs }));
    return { name, path: `${name}.ko`, facts };
  });
  return new DependencyGraph(modules);
}

// What depmod of kmod 30 says of modules in this order of modules.order.
test.each([
  ["aa", 1, ["a a"]],
  ["ab ba", 2, ["a b a"]],
  ["xa ab ba", 2, ["a b a"]],
  ["ab ba cd dc", 4, ["a b a", "c d c"]],
  ["aab ba", 2, ["a b a", "a a"]],
  ["aba ba", 2, ["a a", "a b a"]],
  ["ab bca ca", 3, ["a b a", "a b c a"]],
  ["abc ba ca", 3, ["a c a", "a b a"]],
  ["hsa sa ah", 3, ["h a h", "h s a h"]],
  ["abc bd cd da", 4, ["a c d a", "a b d a"]],
  // Where a module has no dependencies, or a cycle goes through it, depmod goes on behind it, and from the end to the beginning.
  ["aax bbx x ccx ddx", 4, ["a a", "c c", "d d", "b b"]],
  ["ad bb cc da ee", 5, ["a d a", "e e", "b b", "c c"]],
  ["ab ff bc gg ca hh", 6, ["a b c a", "h h", "f f", "g g"]],
  ["afd bb cc da ee fa gg", 7, ["a d a", "a f a", "g g", "b b", "c c", "e e"]],
  // A module that it has come by is named alone, if it needs another one.
  ["lla ac c", 1, ["l l", "a"]],
  ["ac lla c", 1, ["l l"]],
  ["lla ac d cd", 1, ["l l", "c", "a"]],
  ["aac bb ce dd e ff", 4, ["a a", "f f", "b b", "c", "d d"]],
])("%j: %i modules in the cycles %j", (text, count, cycles) => {
  const graph = graphOf(text);
  const report = findCycles(graph, graph.places());
  expect(report?.count).toBe(count);
  expect(report?.cycles.map((cycle) => cycle.join(" "))).toEqual(cycles);
});

test("modules without a cycle are none", () => {
  const graph = graphOf("abc bc c");
  expect(findCycles(graph, graph.places())).toBeNull();
});

test("where every module needs every other one, some cycles are shown, soon", () => {
  const names = Array.from({ length: 300 }, (_, i) => `m${i}`);
  const facts = names.map((name) => ({ exports: [name], imports: names.filter((other) => other !== name) }));
  const graph = new DependencyGraph(
    names.map((name, i) => ({ name, path: `${name}.ko`, facts: readModuleFacts(makeModule(facts[i] ?? {})) })),
  );
  const report = findCycles(graph, graph.places());
  expect(report?.count).toBe(names.length);
  expect(report?.cycles.length).toBeGreaterThan(0);
  for (const cycle of report?.cycles ?? []) expect(cycle.at(-1)).toBe(cycle[0]);
});

test("modules that are all in cycles with their neighbours are counted in one go", () => {
  // Looking for the way back from each through all the others would be half a thousand million steps.
  const count = 20_000;
  const modules = Array.from({ length: count }, (_, i) => ({
    name: `m${i}`,
    path: `m${i}.ko`,
    facts: {
      exports: [`s${i}`],
      imports: [`s${i + 1}`, `s${i + 2}`, `s${i - 1}`],
      weakImports: [],
      versions: new Map(),
      offeredVersions: new Map(),
      aliases: [],
      softDependencies: [],
    },
  }));
  const graph = new DependencyGraph(modules);
  const report = findCycles(graph, graph.places());
  expect(report?.count).toBe(count);
  expect(report?.cycles.length).toBeGreaterThan(0);
  for (const cycle of report?.cycles ?? []) expect(cycle.at(-1)).toBe(cycle[0]);
});
