import fc from "fast-check";
import { expect, test } from "vitest";
import { firstMatching, havingPattern, matching } from "./matching";
import { wildcardMatch } from "./wildcard";

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "[", "]", "\\"), maxLength: 5 });

test("what is found is what trying each pattern finds, in its order", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 20 }), pattern, (patterns, text) => {
      const things = patterns.map((given, place) => ({ pattern: given, place }));
      const tried = things.filter((thing) => wildcardMatch(thing.pattern, text));
      expect(matching(things, text)).toEqual(tried);
      expect(firstMatching(things, text)).toBe(tried[0]);
      expect(havingPattern(things, text)).toBe(things.find((thing) => thing.pattern === text));
    }),
  );
});

test("a list that has grown is looked at again", () => {
  const things = [{ pattern: "a" }];
  expect(matching(things, "b")).toEqual([]);
  things.push({ pattern: "b" });
  expect(matching(things, "b")).toEqual([{ pattern: "b" }]);
});

test("as many questions as patterns are no product of both", () => {
  // One by one these would be 40 billion comparisons.
  const things = Array.from({ length: 200_000 }, (_, i) => ({ pattern: i % 2 === 0 ? `name${i}` : `name${i}_*` }));
  const found = things.filter((_, i) => firstMatching(things, `name${i}_x`) !== undefined);
  expect(found).toHaveLength(100_000);
});
