import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../errors";
import { parseScript } from "./script";

const words = (text: string) => parseScript(text).map((command) => command.words);

describe("a script of lcd host", () => {
  it("has commands that end at lines, semicolons and ampersands", () => {
    expect(parseScript("modprobe hello; lsmod\n\n;rmmod -w hello & wait\n")).toEqual([
      { words: ["modprobe", "hello"], background: false },
      { words: ["lsmod"], background: false },
      { words: ["rmmod", "-w", "hello"], background: true },
      { words: ["wait"], background: false },
    ]);
    expect(parseScript(" \t# nothing\n")).toEqual([]);
  });

  it("keeps what quotes and backslashes enclose", () => {
    expect(words(`a 'b; c' "d & \\"e" f\\ g h'i'"j"\\;k`)).toEqual([["a", "b; c", 'd & "e', "f g", "hij;k"]]);
    expect(words("a '' \\\nb#c # d")).toEqual([["a", "", "b#c"]]);
    expect(words("a 'b\nc'")).toEqual([["a", "b\nc"]]);
  });

  it.each([
    ["lsmod | grep x", "line 1: there are no pipes here"],
    ["a\nlsmod > x", "line 2: there are no redirections here"],
    ["a\n\nb 'c", "line 3: ' has no partner"],
    ['b "c\\"', 'line 1: " has no partner'],
    ["a && b", "line 1: there is no && here; --errexit ends at the first failure"],
    ["a\n& b", "line 2: there is no command before &"],
    ["(a)", "line 1: there are no subshells here"],
    ["a \\", "line 1: \\ has no partner"],
  ])("%j is refused", (text, message) => {
    expect(() => parseScript(text)).toThrow(new UsageError(message));
  });

  it("is understood or refused, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ab \t\n;&#'\"\\|<>$`") }), (text) => {
        try {
          parseScript(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
    );
  });

  it.skipIf(process.platform === "win32")("has the words that sh finds in it", () => {
    const quotes = fc.stringMatching(/^([ab ]|\\[ab '"\\]|'[ab #;\\"]{0,3}'|"([ab #;']|\\["\\a]){0,3}")+$/);
    fc.assert(
      fc.property(quotes, (text) => {
        const printed = execFileSync("sh", ["-c", `printf '<%s>' x ${text}`], { encoding: "utf8" });
        expect(words(`x ${text}`).map((found) => found.map((word) => `<${word}>`).join(""))).toEqual([printed]);
      }),
      { numRuns: 40 },
    );
  });
});
