import { expect, test } from "vitest";
import { findsExtendedRegex } from "./extended-regex";

const RELEASE = "6.1.0-51-cloud-amd64";

// What regcomp and regexec of glibc 2.36 say, which kmod calls (REG_EXTENDED | REG_NOSUB).
test.each([
  ["6.1", true],
  ["^6\\.1\\.", true],
  ["amd64$", true],
  ["(5|6)\\.[0-9]+", true],
  ["[[:digit:]]+-cloud", true],
  ["^[^6]", false],
  ["-cloud-?amd", true],
  ["(6.1|5.10).*rt", false],
  ["x*$", true],
  ["^x+", false],
  ["1{2}", false],
  ["0{1,2}-51", true],
  ["(.*-){3}amd64", true],
  ["(.*-){4}", false],
  ["[]c-]loud", true],
  ["a(", null],
  ["a)", false],
  ["*", null],
  ["^*", null],
  ["a{2,1}", null],
  ["a{1", null],
  ["[z-a]", null],
  ["[[:foo:]]", null],
  ["[a", null],
  ["\\.", true],
  ["x|", true],
])("%s: %s", (pattern, found) => {
  expect(findsExtendedRegex(pattern, RELEASE)).toBe(found);
});

test("a reference to a group is refused: with it there is no quick way", () => {
  expect(findsExtendedRegex("(6)\\1", RELEASE)).toBeNull();
});

test.each([
  "((((.*)*)*)*)*y",
  "(.?.?.?.?.?.?.?.?)*y",
  "((a|a|.)(.|.|.))*y",
  ".*".repeat(400).concat("y"),
  "(((.{1,99}){1,99}){1,99}){1,99}y",
  "(((((.?){99}){99}){99}){99}){99}y",
  "(".repeat(250).concat(".", ")*".repeat(250), "y"),
])("an expression that can be matched in more ways than anybody can try does not take them all: %s", (pattern) => {
  expect(findsExtendedRegex(pattern, RELEASE.repeat(5))).toBe(false);
});

test("an expression of a page is none", () => {
  expect(findsExtendedRegex("(".repeat(100_000), RELEASE)).toBeNull();
});
