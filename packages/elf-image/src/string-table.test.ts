import { expect, test } from "vitest";
import { ElfError } from "./error";
import { StringTable } from "./string-table";

/** A name of 4,000 characters, of which every end is a name, too. */
const table = () => new StringTable(new Uint8Array(4001).fill(0x61, 0, 4000), "the table");

test("names overlap, as linkers make them", () => {
  expect(table().at(3997)).toBe("aaa");
  expect(table().at(3998)).toBe("aa");
});

test("a small table gives a megabyte of names, and not eight", () => {
  const names = table();
  const ask = (times: number) => {
    for (let i = 0; i < times; i++) names.at(1 + (i % 10));
  };
  ask(250);
  expect(() => ask(2_000)).toThrow(ElfError);
});
