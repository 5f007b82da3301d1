import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeModule } from "./testing";

const binary = (tool: string) => fileURLToPath(new URL(`../bin/${tool}.mjs`, import.meta.url));
const built = existsSync(new URL("../dist/bin/lcd-modinfo.js", import.meta.url));

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "module-init-tools-"));
  mkdirSync(join(root, "lib/modules/1.2.3"), { recursive: true });
  // More than a pipe holds.
  writeFileSync(join(root, "long.ko"), makeModule({ modinfo: [`description=${"x".repeat(1 << 20)}`, "license=GPL"] }));
  const latin1 = makeModule({ modinfo: ["author=J?rg"] });
  latin1[Buffer.from(latin1).indexOf("?rg")] = 0xf6;
  writeFileSync(join(root, "latin1.ko"), latin1);
});
afterAll(() => rmSync(root, { recursive: true }));

/** A shell command; `$modinfo`, `$depmod` are the programs. Standard output as characters of one byte. */
function run(command: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const variables = Object.fromEntries(
    ["modinfo", "depmod"].map((tool) => [tool, `${process.execPath} ${binary(`lcd-${tool}`)}`]),
  );
  return new Promise((resolve) => {
    const options = { cwd: root, env: { ...process.env, ...variables }, encoding: "latin1" as const, timeout: 20_000 };
    execFile("bash", ["-o", "pipefail", "-c", command], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

describe.skipIf(!built || process.platform !== "linux")("a tool as a process, as it was built", () => {
  it("ends silently, as if by SIGPIPE, when nobody reads on", async () => {
    expect(await run("$modinfo long.ko | head -c 9")).toEqual({ code: 141, stdout: "filename:", stderr: "" });
  });

  it("says that standard output takes no more", async () => {
    expect(await run("$modinfo long.ko > /dev/full")).toEqual({
      code: 1,
      stdout: "",
      stderr: "lcd-modinfo: FATAL: could not write to standard output: No space left on device\n",
    });
  });

  it("does its work when nobody listens to its warnings", async () => {
    const { code } = await run("$depmod -b . 1.2.3 2>&1 | true; test -f lib/modules/1.2.3/modules.dep.bin");
    expect(code).toBe(0);
  });

  it("prints bytes that are no UTF-8 as they are", async () => {
    expect((await run("$modinfo -a latin1.ko")).stdout).toBe("J\xf6rg\n");
  });
});
