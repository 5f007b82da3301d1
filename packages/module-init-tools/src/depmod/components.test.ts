import fc from "fast-check";
import { expect, test } from "vitest";
import { componentsOf } from "./components";

const graph = fc
  .nat(8)
  .chain((count) =>
    fc.array(fc.array(fc.nat(count), { maxLength: 4 }), { minLength: count + 1, maxLength: count + 1 }),
  );

/** Everything to which ways lead, by going them. */
function reached(next: readonly (readonly number[])[], from: number): Set<number> {
  const found = new Set([from]);
  for (const node of found) for (const target of next[node] ?? []) found.add(target);
  return found;
}

test("two are in one component when ways lead from each to the other", () => {
  fc.assert(
    fc.property(graph, (next) => {
      const component = componentsOf(next);
      const ways = next.map((_, node) => reached(next, node));
      for (const [a, fromA] of ways.entries()) {
        for (const [b, fromB] of ways.entries()) {
          expect(component[a] === component[b]).toBe(fromA.has(b) && fromB.has(a));
        }
      }
    }),
  );
});

test("a way may be long", () => {
  const count = 200_000;
  const ring = Array.from({ length: count }, (_, i) => [(i + 1) % count]);
  expect(new Set(componentsOf(ring)).size).toBe(1);
  expect(new Set(componentsOf([...ring.slice(0, -1), []])).size).toBe(count);
});
