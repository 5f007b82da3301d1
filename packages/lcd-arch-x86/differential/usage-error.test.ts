import { describe, expect, it } from "vitest";
import { countOf, UsageError } from "./usage-error";

describe("the number of an option", () => {
  it("is a whole one, not too small", () => {
    expect(countOf("--cases", "1000000")).toBe(1_000_000);
    expect(countOf("--seed", "0", 0)).toBe(0);
  });

  it.each(["abc", "", "0", "-1", "1.5", "NaN", "Infinity", "9007199254740993"])("is not %j", (text) => {
    expect(() => countOf("--cases", text)).toThrow(UsageError);
  });
});
