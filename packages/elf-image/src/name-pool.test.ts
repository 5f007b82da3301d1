import fc from "fast-check";
import { expect, test } from "vitest";
import { NamePool } from "./name-pool";
import { decodeText, encodeText } from "./text";

const name = fc.string({ unit: fc.constantFrom("a", "b", "_", "ö", "\udc80"), maxLength: 8 });

test("gives the string from any byte to the next NUL, the same one each time", () => {
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 30 }), (names) => {
      const pool = new NamePool();
      const bytes = encodeText(names.map((text) => `${text}\0`).join(""));
      for (let round = 0; round < 2; round++) {
        for (let start = 0; start < bytes.length; start++) {
          const expected = decodeText(bytes.subarray(start, bytes.indexOf(0, start)));
          expect(pool.at(bytes, start, 100)).toBe(expected);
        }
      }
    }),
  );
});

test("gives nothing without a NUL, or when it is too far away", () => {
  const pool = new NamePool();
  const bytes = new TextEncoder().encode("abc\0def");
  expect(pool.at(bytes, 0, 3)).toBe("abc");
  expect(pool.at(bytes, 0, 2)).toBeNull();
  expect(pool.at(bytes, 4, 100)).toBeNull();
  expect(pool.at(bytes, 7, 100)).toBeNull();
});

test("finds names among thousands", () => {
  const pool = new NamePool();
  const bytes = new TextEncoder().encode(Array.from({ length: 20_000 }, (_, i) => `symbol_${i}\0`).join(""));
  for (let round = 0; round < 2; round++) {
    let start = 0;
    for (let i = 0; i < 20_000; i++) {
      const found = pool.at(bytes, start, 100);
      if (found !== `symbol_${i}`) expect(found).toBe(`symbol_${i}`);
      start += (found?.length ?? 0) + 1;
    }
    expect(start).toBe(bytes.length);
  }
});
