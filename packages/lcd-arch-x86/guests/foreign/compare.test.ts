import { describe, expect, it } from "vitest";
import { differences, programLines } from "./compare";

describe("what programs print", () => {
  it("is lines without carriage returns, terminal control, and what tells of the computer", () => {
    const printed = "\x1b[H\x1b[J\x1b[1;1Hhello\r\n\r\rRAM: 511 MB\r\nbye  \n";
    expect(programLines(printed, [/^RAM: /])).toEqual(["hello", "bye"]);
  });

  it("differs where a line is missing, is more, or is another", () => {
    expect(differences(["a", "b", "c"], ["a", "b", "c"])).toEqual([]);
    expect(differences(["a", "c"], ["a", "b", "c"])).toEqual([{ side: 1, line: "b" }]);
    expect(differences(["a", "b", "c", "d"], ["a", "x", "c"])).toEqual([
      { side: 0, line: "b" },
      { side: 1, line: "x" },
      { side: 0, line: "d" },
    ]);
    expect(differences([], ["a"])).toEqual([{ side: 1, line: "a" }]);
  });
});
