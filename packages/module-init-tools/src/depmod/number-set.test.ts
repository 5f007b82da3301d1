import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberSet } from "./number-set";

test("a number is new once, and again after the set was emptied", () => {
  const step = fc.oneof(fc.nat(20), fc.nat(100_000), fc.constant("clear" as const));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const set = new NumberSet();
      const expected = new Set<number>();
      for (const number of steps) {
        if (number === "clear") {
          set.clear();
          expected.clear();
        } else {
          expect(set.add(number)).toBe(!expected.has(number));
          expected.add(number);
        }
      }
    }),
  );
});
