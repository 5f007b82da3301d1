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

test("a key with many values has them in the same order, and each is known", () => {
  // One by one these would be 20 billion comparisons.
  const count = 200_000;
  const index = new IndexBuilder();
  const add = (value: string, priority: number) => index.add("k", value, priority);
  expect(Array.from({ length: count }, (_, i) => add(`v${i}`, i % 2)).some((duplicate) => duplicate)).toBe(false);
  expect([add("v7", 2), add("v7", 2), add("w", 2)]).toEqual([true, true, false]);
  const found = values(new IndexReader(index.bytes(), "x").search("k"));
  expect([found[0], found[1], found[count / 2], found.at(-3)]).toEqual(["v199998", "v199996", "v199999", "w"]);
  expect(found).toHaveLength(count + 3);
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
  expect(() => new IndexBuilder().add("a\0b", "", 0)).toThrow(ToolError);
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

/** A number, big endian, as the format has them. */
const number = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const header = (root: number) => [0xb0, 0x07, 0xf4, 0x57, 0, 2, 0, 1, ...number(root)];

test("a node that leads back to itself is damage, not a loop", () => {
  // Root at 12: one child for "a", the root itself.
  const circle = new IndexReader(Uint8Array.from([...header(0x2000_000c), 0x61, 0x61, ...number(0x2000_000c)]), "x");
  expect(() => [...circle.entries()]).toThrow("x is damaged");
  expect(() => circle.search("aaaa")).toThrow("x is damaged");
  expect(() => circle.searchWild("aaaa")).toThrow("x is damaged");
});

test("2^30 ways to one node are damage, found at once", () => {
  // A leaf at 12, then nodes of 10 bytes whose children "a" and "b" are both the node before.
  const bytes = [...number(1), ...number(0), 0x78, 0];
  let last = 0x4000_000c;
  for (let i = 0; i < 30; i++) {
    const at = 12 + bytes.length;
    bytes.push(0x61, 0x62, ...number(last), ...number(last));
    last = 0x2000_0000 + at;
  }
  const reader = new IndexReader(Uint8Array.from([...header(last), ...bytes]), "x");
  expect(() => [...reader.entries()]).toThrow("x is damaged: several ways lead to one node");
  expect(values(reader.search("ab".repeat(15)))).toEqual(["x"]);
});

test("keys of any length come back; many that begin with one another are damage", () => {
  const long = "a".repeat(100_000);
  const reader = new IndexReader(built([[long, "x", 1]]), "x");
  expect([...reader.entries()].map(({ key }) => key)).toEqual([long]);
  expect(values(reader.search(long))).toEqual(["x"]);
  const index = new IndexBuilder();
  // 12,000 keys have 72 million characters together.
  for (let length = 1; length <= 12_000; length++) index.add(long.slice(0, length), "", 0);
  expect(() => [...new IndexReader(index.bytes(), "x").entries()]).toThrow("x is damaged: its keys have more than");
});

test("nodes that have the same bytes, too, are damage", () => {
  // 300 nodes, each the child "a" of the next, and each with values that reach to the end of the file.
  const size = 1_000_000;
  const bytes: number[] = [];
  let last = 0;
  for (let i = 0; i < 300; i++) {
    const at = 12 + bytes.length;
    bytes.push(0x61, 0x61, ...number(last), ...number(Math.floor((size - at - 10) / 5)));
    last = 0x6000_0000 + at;
  }
  const file = new Uint8Array(size);
  file.set([...header(last), ...bytes]);
  expect(() => new IndexReader(file, "x").search("a".repeat(299))).toThrow(
    "x is damaged: parts of it belong to several",
  );
  expect(() => new IndexReader(file, "x").searchWild("a".repeat(299))).toThrow("x is damaged: parts of it belong to");
});
