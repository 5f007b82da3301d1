import { describe, expect, it } from "vitest";
import { nearest } from "./suggest";

describe("the name that was meant", () => {
  const known = ["hello", "params", "wild_write", "lz4_compress"];

  it("is one with a letter too few, too many, wrong, or swapped", () => {
    for (const typo of ["helo", "helllo", "hallo", "hlelo"]) expect(nearest(typo, known)).toBe("hello");
  });

  it("does not care about dashes and capitals", () => {
    expect(nearest("Wild-Wrte", known)).toBe("wild_write");
  });

  it("is none when nothing is near", () => {
    expect(nearest("xyzzy", known)).toBeNull();
    expect(nearest("", known)).toBeNull();
  });
});
