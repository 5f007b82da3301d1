import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

  it("leaves what one depmod leaves when several are at work at once", async () => {
    const tree = madeTree("at-once");
    await run("$depmod -b at-once 1.2.3");
    const one = indexes(tree);
    expect(Object.keys(one)).toHaveLength(10);
    for (let i = 0; i < 3; i++) {
      for (const name of Object.keys(one)) rmSync(join(tree, name));
      const both = await Promise.all([1, 2].map(() => run("$depmod -b at-once 1.2.3")));
      expect(both).toEqual([1, 2].map(() => ({ code: 0, stdout: "", stderr: "" })));
      expect(indexes(tree)).toEqual(one);
    }
  }, 30_000);

  it("leaves every index old or new, and whole, when it is killed", async () => {
    const tree = madeTree("killed");
    await run("$depmod -b killed 1.2.3");
    const old = indexes(tree);
    writeFileSync(join(tree, "late.ko"), makeModule({ exports: ["late"], modinfo: ["alias=late*"] }));
    await run("$depmod -b killed 1.2.3");
    const fresh = indexes(tree);
    for (let delay = 20; delay < 320; delay += 20) {
      for (const [name, bytes] of Object.entries(old)) writeFileSync(join(tree, name), bytes, "latin1");
      const child = spawn(process.execPath, [binary("lcd-depmod"), "-b", "killed", "1.2.3"], { cwd: root });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill("SIGKILL");
      await ended;
      for (const [name, bytes] of Object.entries(indexes(tree))) {
        if (name.endsWith(".new")) rmSync(join(tree, name));
        else expect([old[name], fresh[name]]).toContain(bytes);
      }
    }
  }, 30_000);
});

/** A tree with what takes a moment to index. */
function madeTree(name: string): string {
  const tree = join(root, name, "lib/modules/1.2.3");
  mkdirSync(tree, { recursive: true });
  for (const file of ["modules.order", "modules.builtin", "modules.builtin.modinfo"])
    writeFileSync(join(tree, file), "");
  for (let i = 0; i < 300; i++) {
    const content = { exports: [`symbol_${i}`], imports: [`symbol_${i + 1}`], modinfo: [`alias=pci:v${i}*`] };
    writeFileSync(join(tree, `module-${i}.ko`), makeModule(content));
  }
  return tree;
}

/** What depmod has written, finished or not, by name. */
function indexes(tree: string): Record<string, string> {
  const names = readdirSync(tree).filter((name) => /^modules\./.test(name) && !/\.(order|builtin|modinfo)$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(tree, name), "latin1")]));
}
