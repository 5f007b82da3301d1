import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import * as tools from "./index";
import * as testing from "./testing";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** Runs an example; what it imports is there already. @returns the values of names in it */
function run(example: string, result: readonly string[]): Promise<unknown> {
  const body = example.replace(/^import .*$/gm, "");
  const { outputText } = ts.transpileModule(body, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const names = { ...tools, ...testing };
  const program = new Function(
    ...Object.keys(names),
    `return (async () => { ${outputText}; return { ${result.join(", ")} }; })();`,
  );
  return program(...Object.values(names));
}

const [loading = "", asking = "", explaining = ""] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code = ""]) => code,
);

test("the first example in the README gives what its last line says", async () => {
  expect(await run(loading, ["code", "loaded"])).toEqual({ code: 0, loaded: ["screen ", "app color=red"] });
});

test("the second example in the README gives what its comments say", async () => {
  expect(await run(asking, ["pattern", "causes", "paths", "users"])).toEqual({
    pattern: "pci:v00001234d*",
    causes: ["screen: dependency", "card: asked"],
    paths: ["/lib/modules/6.1.0/kernel/screen.ko", "/lib/modules/6.1.0/kernel/card.ko"],
    users: ["card"],
  });
});

test("the third example in the README gives what its last lines say", async () => {
  expect(await run(explaining, ["entries", "parameters", "signature"])).toMatchObject({
    entries: { 0: ["license", "GPL"] },
    parameters: [{ name: "count", description: "how often", type: "int" }],
    signature: null,
  });
});
