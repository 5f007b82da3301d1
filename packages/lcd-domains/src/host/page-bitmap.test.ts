import fc from "fast-check";
import { expect, it } from "vitest";
import { PageBitmap } from "./page-bitmap";

it("has the members and the lowest member that a Set would have", () => {
  const steps = fc.array(fc.record({ add: fc.boolean(), index: fc.integer({ min: 0, max: 4999 }) }));
  fc.assert(
    fc.property(steps, (changes) => {
      const bitmap = new PageBitmap(5000);
      const model = new Set<number>();
      for (const { add, index } of changes) {
        if (add) bitmap.add(index);
        else bitmap.delete(index);
        if (add) model.add(index);
        else model.delete(index);
        expect(bitmap.size).toBe(model.size);
        expect(bitmap.lowest()).toBe(model.size === 0 ? -1 : Math.min(...model));
        expect(bitmap.has(index)).toBe(add);
      }
    }),
  );
});
