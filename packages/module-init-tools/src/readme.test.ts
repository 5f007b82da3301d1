import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import * as tools from "./index";
import * as testing from "./testing";

test("the example in the README gives what its last line says", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const body = example.replace(/^import .*$/gm, "");
  const { outputText } = ts.transpileModule(body, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const names = { ...tools, ...testing };
  const program = new Function(
    "names",
    `
    const { lcdDepmod, lcdModprobe, memoryFiles, makeModule } = names;
    return (async () => { ${outputText}; return { code, loaded }; })();
  `,
  );
  expect(await program(names)).toEqual({ code: 0, loaded: ["screen ", "app color=red"] });
});
