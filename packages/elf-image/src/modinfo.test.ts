import { expect, test } from "vitest";
import { readModinfo } from "./modinfo";
import { parseElf } from "./parse";
import { fixture } from "./testing/fixtures";

test("modinfo entries come in file order, with what stands in module.c", () => {
  // gcc emits the strings last to first.
  expect(readModinfo(parseElf(fixture("module.o")))).toEqual([
    ["author", "Jörg"],
    ["retpoline", ""],
    ["parm", "count:how often = many"],
    ["license", "GPL"],
  ]);
});

test("a file without .modinfo has no entries", () => {
  expect(readModinfo(parseElf(fixture("linked")))).toEqual([]);
});
