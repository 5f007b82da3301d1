import fc from "fast-check";
import { expect, test } from "vitest";
import { packFacts, unpackFacts } from "./packed-facts";
import type { FactsRead } from "./read-facts";

const name = fc.string({ unit: fc.constantFrom("a", "b", "\udc80", "ö"), minLength: 1, maxLength: 3 });
const names = fc.array(name, { maxLength: 4 });
const checksums = fc.array(fc.tuple(name, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), { maxLength: 3 });
const versions = checksums.map((entries) => new Map(entries));
const texts = fc.array(fc.constantFrom("", "x", "a=b", "\udcff"), { maxLength: 4 });
const facts = fc.record({
  exports: names,
  imports: names,
  weakImports: names,
  versions,
  offeredVersions: versions,
  aliases: texts,
  softDependencies: texts,
});
const read: fc.Arbitrary<FactsRead> = fc.record({ facts, error: fc.option(fc.string()) });

test("what is packed comes out as it was, in any order of modules", () => {
  const places = fc.uniqueArray(fc.tuple(fc.nat(99), read), { selector: ([place]) => place, maxLength: 8 });
  fc.assert(
    fc.property(places, (entries) => {
      const packed = structuredClone(packFacts(new Map(entries)));
      expect([...unpackFacts(packed)]).toEqual(entries);
    }),
  );
});
