import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_NAME, NamePool } from "./name-pool";
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

test("two names have the same number when they are the same, and their numbers lead back to them", () => {
  fc.assert(
    fc.property(name, name, fc.array(name, { maxLength: 30 }), (one, other, before) => {
      const pool = new NamePool();
      for (const text of before) pool.numberOf(text);
      const numberOf = (text: string) => pool.numberAt(encodeText(`x${text}\0`), 1, 100);
      expect(numberOf(one) === pool.numberOf(other)).toBe(one === other);
      expect(pool.nameOf(numberOf(one))).toBe(one);
      expect(numberOf(one) === EMPTY_NAME).toBe(one === "");
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
  expect(pool.numberAt(bytes, 4, 100)).toBe(-1);
});

test("names with like hashes are found, however many there are", () => {
  // Made on purpose: the last 12 bits of FNV-1a are the same.
  const names = Array.from({ length: 200_000 }, (_, i) => `name_${i}`).filter((text) => (fnv1a(text) & 0xfff) === 7);
  expect(names.length).toBeGreaterThan(40);
  const pool = new NamePool();
  const numbers = names.map((text) => pool.numberOf(text));
  expect(new Set(numbers).size).toBe(names.length);
  expect(names.map((text) => pool.numberOf(text))).toEqual(numbers);
  expect(numbers.map((number) => pool.nameOf(number))).toEqual(names);
});

/** http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): number {
  return [...text].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);
}

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
