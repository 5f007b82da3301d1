import { expect, test } from "vitest";
import { parseOptions, UsageError } from "./getopt";

const table = {
  short: "nvd:S:V",
  long: {
    "dry-run": "n",
    show: "n",
    "show-depends": "D",
    dirname: "d",
    "set-version": "S",
    verbose: "v",
    version: "V",
  },
  last: "V",
};

test("letters can be grouped, with a value at the end or in the next word", () => {
  expect(parseOptions(["-nvd/x", "-S", "6.1"], table).options).toEqual([
    ["n", ""],
    ["v", ""],
    ["d", "/x"],
    ["S", "6.1"],
  ]);
});

test("long options take values after = or in the next word, and can be shortened", () => {
  expect(parseOptions(["--dirname=/x", "--set-version", "6.1", "--verbo"], table).options).toEqual([
    ["d", "/x"],
    ["S", "6.1"],
    ["v", ""],
  ]);
});

test("options may stand after words, and words after -- are no options", () => {
  const { options, words } = parseOptions(["loop", "-n", "max_part=8", "--", "-v"], table);
  expect(options).toEqual([["n", ""]]);
  expect(words).toEqual(["loop", "max_part=8", "-v"]);
});

// `modprobe -V -Z` and `depmod -q -Z` of kmod 30: the one shows its version, the other first warns of -q.
test("what comes after the last option is not read, and what comes before a wrong one is heard", () => {
  expect(parseOptions(["-nV", "-Z"], table).options).toEqual([
    ["n", ""],
    ["V", ""],
  ]);
  expect(parseOptions(["--version", "--", "x"], table).words).toEqual([]);
  const heard: string[] = [];
  expect(() => parseOptions(["-nv", "--dry", "-Z"], table, (_, written) => void heard.push(written))).toThrow(
    UsageError,
  );
  expect(heard).toEqual(["-n", "-v", "--dry-run"]);
});

test("a lone dash is a word", () => {
  expect(parseOptions(["-"], table).words).toEqual(["-"]);
});

// The sentences are those that `modprobe` of kmod 30 prints through glibc.
test.each([
  [["--nonsense"], "unrecognized option '--nonsense'"],
  [["--nonsense=1"], "unrecognized option '--nonsense=1'"],
  [["-Z"], "invalid option -- 'Z'"],
  [["-S"], "option requires an argument -- 'S'"],
  [["--set-version"], "option '--set-version' requires an argument"],
  [["--verbose=3"], "option '--verbose' doesn't allow an argument"],
  [["--d"], "option '--d' is ambiguous; possibilities: '--dry-run' '--dirname'"],
  [["-:"], "invalid option -- ':'"],
])("%j is refused: %s", (args, message) => {
  expect(() => parseOptions(args, table)).toThrow(new UsageError(message));
});

test("names of an object's own properties are no options", () => {
  expect(() => parseOptions(["--constructor"], table)).toThrow("unrecognized option '--constructor'");
});
