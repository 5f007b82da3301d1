import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { testHost } from "../../lcd-domains/test/host";
import { runInit } from "../examples/klcd";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("the README shows examples/klcd.ts as it is", () => {
  expect(read("../README.md")).toContain(`\`\`\`ts\n${read("../examples/klcd.ts")}\`\`\``);
});

it("the example runs a module's init code, and leaves nothing behind", async () => {
  const host = testHost();
  const before = host.accounting();
  expect(await runInit(host, "hello")).toBe(0n);
  await expect(runInit(host, "divide")).rejects.toThrow("divide was ended: faulted");
  expect(host.accounting()).toEqual(before);
});
