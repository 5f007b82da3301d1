import fc from "fast-check";
import { expect, test } from "vitest";
import fnmatch from "./fixtures/fnmatch.json";
import { wildcardMatch } from "./wildcard";

// What glibc's fnmatch(pattern, text, 0) says about generated patterns and texts.
test.each(fnmatch.match)("%s matches %s, as fnmatch says", (pattern = "", text = "") => {
  expect(wildcardMatch(pattern, text)).toBe(true);
});

test.each(fnmatch.noMatch)("%s does not match %s, as fnmatch says", (pattern = "", text = "") => {
  expect(wildcardMatch(pattern, text)).toBe(false);
});

// The same fnmatch, in the C locale, as kmod calls it.
test.each([
  ["?", false],
  ["??", true],
  ["[é]", false],
  ["[é][é]", true],
  ["[!a][!a]", true],
  ["?é", false],
  ["*", true],
])("a wildcard for one character stands for one byte of UTF-8: %s", (pattern, expected) => {
  expect(wildcardMatch(pattern, "é")).toBe(expected);
});

test("a text of plain characters matches itself and nothing else", () => {
  const plain = fc.stringMatching(/^[a-z_0-9:]*$/);
  fc.assert(fc.property(plain, plain, (a, b) => wildcardMatch(a, b) === (a === b)));
});

test("many stars do not take exponential time", () => {
  expect(wildcardMatch(`${"*a".repeat(50)}b`, "a".repeat(5000))).toBe(false);
});
