import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseScript } from "./host/script";
import { hasCompiler } from "./testing/has-compiler";
import { Folder } from "./testing/module-files";
import { runLcd } from "./testing/run-lcd";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const folder = new Folder();

/** `$ lcd ...` and what it prints, for each command of a block. */
function examples(): { words: readonly string[]; output: string }[] {
  const blocks = [...readme.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block);
  const commands = blocks.flatMap((block) => block.split(/^\$ /m).slice(1));
  return commands.map((text) => {
    const [line, ...output] = text.split("\n");
    return { words: parseScript(line)[0].words.slice(1), output: output.join("\n") };
  });
}

/** A pattern for the output: `...` stands for anything, a line of it for any number of lines. */
function pattern(output: string): RegExp {
  const escaped = output.replace(/[\\^$*+?()[\]{}|]/g, "\\$&");
  const source = escaped
    .replace(/^\.\.\.\n/gm, "(?:.*\n)*")
    .replace(/\.\.\./g, "[^\n]*")
    .replace(/\.(?![*])/g, "\\.");
  return new RegExp(`^${source}$`);
}

/** What a page of the repository shows below a line, indented. */
function shownBelow(page: string, line: RegExp): string[] {
  const lines = readFileSync(new URL(`../../../${page}`, import.meta.url), "utf8").split("\n");
  const from = lines.findIndex((text) => line.test(text)) + 2;
  return lines.slice(from, lines.indexOf("", from)).map((text) => text.replace(/^ {4}/, ""));
}

describe("the README of the repository", () => {
  it("shows what lcd run hello prints", async () => {
    const { stdout } = await runLcd(["run", "hello"]);
    expect(shownBelow("README.md", /\(`lcd run hello`\):$/)).toEqual(stdout.trimEnd().split("\n"));
  });

  it("shows lines that lcd run wild-write prints", async () => {
    const { stderr } = await runLcd(["run", "wild-write"]);
    const shown = shownBelow("README.md", /`npx lcd run wild-write`/);
    expect(shown.length).toBeGreaterThan(10);
    expect(stderr.split("\n")).toEqual(expect.arrayContaining(shown));
  });
});

describe("the README", () => {
  const source = /^```c\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? "";
  folder.write("greet.c", source);

  it.each(examples().map(({ words, output }) => [`lcd ${words.join(" ")}`, words, output] as const))(
    "shows what %s prints",
    { timeout: 60_000 },
    async (_title, words, output) => {
      if ((words[0] === "cc" || words.includes("./greet.ko")) && !hasCompiler()) return;
      const { stdout, stderr } = await runLcd(words, { cwd: folder.path });
      const printed = words[0] === "modprobe" ? stdout : stdout + stderr;
      expect(printed).toMatch(pattern(output));
    },
  );
});
