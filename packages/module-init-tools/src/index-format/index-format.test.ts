import fc from "fast-check";
import { expect, test } from "vitest";
import { ToolError } from "../errors";
import { wildcardMatch } from "../tree/wildcard";
import { IndexBuilder } from "./index-builder";
import { IndexReader } from "./index-reader";

function built(entries: readonly (readonly [key: string, value: string, priority: number])[]): Uint8Array {
  const index = new IndexBuilder();
  for (const entry of entries) index.add(...entry);
  return index.bytes();
}

const values = (found: readonly { readonly value: string }[]) => found.map(({ value }) => value);

test("the bytes are those that depmod of kmod 30 writes for the builtins ab and ac", () => {
  // Header, the leaves of "ab" and "ac", the node above them (children b to c), and the root (its child a).
  const expected = [
    [0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1, 0x20, 0, 0, 0x28],
    [0, 0, 0, 1, 0, 0, 0, 0, 0],
    [0, 0, 0, 1, 0, 0, 0, 0, 0],
    [0x62, 0x63, 0x40, 0, 0, 0x0c, 0x40, 0, 0, 0x15],
    [0x61, 0x61, 0x20, 0, 0, 0x1e],
  ];
  expect([
    ...built([
      ["ac", "", 0],
      ["ab", "", 0],
    ]),
  ]).toEqual(expected.flat());
});

test("an empty index is a header alone", () => {
  expect(built([])).toHaveLength(12);
  expect([...new IndexReader(built([]), "x").entries()]).toEqual([]);
  expect(new IndexReader(built([]), "x").search("a")).toEqual([]);
});

test("values come by priority, of equal ones the last added first", () => {
  const reader = new IndexReader(
    built([
      ["k", "b", 2],
      ["k", "a", 1],
      ["k", "c", 2],
    ]),
    "x",
  );
  expect(values(reader.search("k"))).toEqual(["a", "c", "b"]);
});

const words = fc.array(
  fc.tuple(fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "[", "]"), maxLength: 6 }), fc.nat(5)),
  { maxLength: 12 },
);

test("searching finds what looking at every key finds", () => {
  fc.assert(
    fc.property(words, fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 }), (entries, text) => {
      const named = entries.map(([key, priority], i) => [key, `v${i}`, priority] as const);
      const reader = new IndexReader(built(named), "x");
      const exact = named.filter(([key]) => key === text).map(([, value]) => value);
      expect(values(reader.search(text)).sort()).toEqual(exact.sort());
      const wild = named.filter(([key]) => wildcardMatch(key, text)).map(([key, value]) => `${key} ${value}`);
      expect(
        reader
          .searchWild(text)
          .map(({ key, value }) => `${key} ${value}`)
          .sort(),
      ).toEqual(wild.sort());
      const all = [...reader.entries()].flatMap(({ key, values: v }) => v.map(({ value }) => [key, value].join()));
      expect(all.sort()).toEqual(named.map(([key, value]) => [key, value].join()).sort());
    }),
  );
});

test("keys that are not ASCII are refused", () => {
  expect(() => new IndexBuilder().add("ä", "", 0)).toThrow(ToolError);
});

test("a damaged index is a ToolError or finds something, and always ends", () => {
  const whole = built([
    ["abc", "x", 1],
    ["ab*", "y", 2],
    ["b", "z", 3],
    ["abd", "w", 4],
  ]);
  const look = (bytes: Uint8Array) => {
    try {
      const reader = new IndexReader(bytes, "modules.alias.bin");
      reader.search("abc");
      reader.searchWild("abc");
      Array.from(reader.entries());
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      expect(error.message).toMatch(/^modules\.alias\.bin is damaged: /);
    }
  };
  for (let length = 0; length < whole.length; length++) look(whole.subarray(0, length));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length - 1), fc.nat(255), (i, a, j, b) => {
      const bytes = whole.slice();
      bytes[i] = a;
      bytes[j] = b;
      look(bytes);
    }),
  );
});
