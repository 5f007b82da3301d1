import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileObjects } from "../cc.js";
import { sourceDirectory } from "../index.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), "liblcd-native-"));
const harness = join(workspace, "harness");

/** What the harness itself plays, and what has no meaning outside a domain. */
const notNative = ["trap.c", "this-module.c", "start.S", "thunks.S", "exports.c"];

const run = (program: string, ...args: string[]) => execFileSync(program, args, { cwd: workspace, encoding: "utf8" });

const filesIn = (directory: string, endings: RegExp) =>
  readdirSync(directory)
    .filter((file) => endings.test(file) && !notNative.includes(file))
    .map((file) => join(directory, file));

beforeAll(async () => {
  const sources = [...filesIn(sourceDirectory, /\.c$/), ...filesIn(join(sourceDirectory, "runtime"), /\.c$/)];
  const objects = await compileObjects({ sources, directory: join(workspace, "lcd"), name: "native" });
  run("ld", "-r", "-o", "liblcd.o", ...objects);
  run("objcopy", "--prefix-symbols=k_", "liblcd.o");
  // Below it stays free: the harness has a domain's address space there.
  const place = ["-no-pie", "-Wl,-Ttext-segment=0x20000000"];
  run(
    "gcc",
    "-std=gnu11",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    ...place,
    "-o",
    harness,
    ...filesIn(here, /\.c$/),
    "liblcd.o",
  );
});
afterAll(() => rmSync(workspace, { recursive: true }));

describe("liblcd's machine code on this processor", () => {
  it("prints as the C library does, whatever format, value and buffer", () => {
    expect(run(harness, "printf")).toBe("220013 checks\n");
  });
  it("handles strings and bytes as the C library does", () => {
    expect(run(harness, "strings")).toBe("150000 checks\n");
  });
  it("reads numbers as the kernel does, and refuses what is none", () => {
    expect(run(harness, "numbers")).toBe("400009 checks\n");
  });
  it("allocates memory that nobody else has, takes it back, and fails when there is none", () => {
    expect(run(harness, "memory")).toBe("4 checks\n");
  });
  it("names slots, asks for pages and edits page tables", () => {
    expect(run(harness, "pages")).toBe("3 checks\n");
  });
  it("offers parameters, lists, locks, bytes and ChaCha to modules that Kbuild built", () => {
    expect(run(harness, "runtime")).toBe("7 checks\n");
  });
});
