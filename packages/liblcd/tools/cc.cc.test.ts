import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseElf, readModinfo, SHN_UNDEF } from "elf-image";
import { afterAll, describe, expect, it } from "vitest";
import { CompileError, compileModule, findCompiler, moduleName } from "./cc.js";
import { prebuiltDirectory } from "./index.js";

const workspace = mkdtempSync(join(tmpdir(), "lcd-cc-test-"));
afterAll(() => rmSync(workspace, { recursive: true }));

function source(name: string, text: string): string {
  const directory = mkdtempSync(join(workspace, "source-"));
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

const greeting = `
#include <linux/module.h>
#include <lcd-domains/liblcd.h>
MODULE_LICENSE("GPL");
static int __init greet(void) { lcd_printk("hi %d\\n", 5); return 0; }
module_init(greet);
`;

async function failure(promise: Promise<unknown>): Promise<CompileError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CompileError)) throw new Error(`expected a CompileError, got ${String(error)}`);
  return error;
}

describe("compileModule", () => {
  it("makes a module that is complete but for its imports, and named after its file", async () => {
    const output = join(workspace, "my-greeting.ko");
    const commands: string[] = [];
    const result = await compileModule({
      sources: [source("greet.c", greeting)],
      output,
      onCommand: ([program]) => commands.push(program),
    });
    expect(result).toEqual({ name: "my_greeting", output, warnings: "" });
    expect(commands.length).toBeGreaterThan(2);
    const image = parseElf(readFileSync(output));
    expect(new Map(readModinfo(image)).get("name")).toBe("my_greeting");
    expect(image.symbols.filter((s) => s.sectionIndex === SHN_UNDEF && s.name !== "").map((s) => s.name)).toEqual([
      "cleanup_module",
    ]);
  });

  it("gives the same bytes from another folder", async () => {
    const outputs = [join(workspace, "same.ko"), join(workspace, "elsewhere", "same.ko")];
    mkdirSync(join(workspace, "elsewhere"));
    for (const output of outputs) await compileModule({ sources: [source("greet.c", greeting)], output });
    expect(readFileSync(outputs[0]).equals(readFileSync(outputs[1]))).toBe(true);
  });

  it("reports what the compiler says, and leaves no file", async () => {
    const output = join(workspace, "broken.ko");
    const error = await failure(compileModule({ sources: [source("broken.c", "int f(void) { return x; }")], output }));
    expect(error.code).toBe("EFAILED");
    expect(error.message).toMatch(/broken\.c:1:\d+: error: .*x.* undeclared/);
    expect(existsSync(output)).toBe(false);
  });

  it("says what to install when there is no compiler", async () => {
    const error = await failure(compileModule({ sources: ["a.c"], output: "a.ko", path: workspace }));
    expect(error.message).toContain("apt-get install");
    await expect(findCompiler(workspace)).rejects.toThrow(
      "no C compiler found: install gcc or clang, e.g. apt-get install gcc",
    );
  });

  it("takes no name that is none", async () => {
    const output = join(workspace, 'a";.ko');
    expect((await failure(compileModule({ sources: [source("a.c", greeting)], output }))).code).toBe("ENAME");
    expect((await failure(compileModule({ sources: [], output: "a.ko" }))).code).toBe("ENOSOURCE");
  });

  it("takes no file that gcc would leave to the linker", async () => {
    const error = await failure(compileModule({ sources: [source("notes.txt", "")], output: join(workspace, "n.ko") }));
    expect(error.code).toBe("ENOSOURCE");
    expect(error.message).toMatch(/notes\.txt is no C or assembly file/);
  });

  it("takes no two sources of one name, of which the compiler would keep one object file", async () => {
    const sources = [source("same.c", greeting), source("same.S", "")];
    const error = await failure(compileModule({ sources, output: join(workspace, "s.ko") }));
    expect([error.code, error.message]).toEqual([
      "ENOSOURCE",
      "two sources are called same: their object files would have one name",
    ]);
  });

  it("names the program that is not there", async () => {
    const compiler = join(workspace, "no-such-cc");
    const error = await failure(
      compileModule({ sources: [source("a.c", "")], output: join(workspace, "a.ko"), compiler }),
    );
    expect([error.code, error.message]).toEqual(["ENOCOMPILER", `there is no program ${compiler}`]);
  });

  it("names the file that it cannot write", async () => {
    const output = join(workspace, "no-such-folder", "a.ko");
    const compiled = compileModule({ sources: [source("a.c", greeting)], output });
    await expect(compiled).rejects.toMatchObject({ code: "ENOENT", path: output });
  });

  it("passes on warnings", async () => {
    const text = `${greeting}\nstatic int nobody_calls_this(void) { return 1; }\n`;
    const { warnings } = await compileModule({ sources: [source("w.c", text)], output: join(workspace, "w.ko") });
    expect(warnings).toMatch(/nobody_calls_this.*defined but not used/);
  });

  it("compiles a parameter only when its variable has the type that it is said to have", async () => {
    const text = `${greeting}\nstatic long n;\nmodule_param(n, int, 0);\n`;
    const flags = ["-Werror"];
    const error = await failure(
      compileModule({ sources: [source("p.c", text)], output: join(workspace, "p.ko"), flags }),
    );
    expect(error.message).toMatch(/incompatible[ -]pointer[ -]type/);
  });

  it.skipIf(!hasClang())("compiles the same with clang", async () => {
    const compiler = execFileSync("which", ["clang"], { encoding: "utf8" }).trim();
    const output = join(workspace, "clang.ko");
    const result = await compileModule({ sources: [source("greet.c", greeting)], output, compiler });
    expect(result.warnings).toBe("");
    expect(parseElf(readFileSync(output)).symbols.some((s) => s.name === "init_module")).toBe(true);
  });
});

describe("build.mjs", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const [builtWith] = readFileSync(join(prebuiltDirectory, "built-with.txt"), "utf8").split("\n");
  const installed = execFileSync("gcc", ["--version"], { encoding: "utf8" }).split("\n")[0];

  it.skipIf(installed !== builtWith)(`makes the committed modules, byte for byte, with ${builtWith}`, () => {
    const target = join(workspace, "prebuilt");
    execFileSync("node", [join(root, "build.mjs"), target]);
    const files = readdirSync(prebuiltDirectory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(prebuiltDirectory.length + 1));
    expect(files.length).toBeGreaterThan(20);
    // Like any new folder: others may read it, unless the umask says no.
    expect(statSync(target).mode & 0o777).toBe(0o777 & ~process.umask());
    for (const file of files) {
      const same = readFileSync(join(prebuiltDirectory, file)).equals(readFileSync(join(target, file)));
      expect(`${file} ${same}`).toBe(`${file} true`);
    }
  });
});

it("derives a module's name from its file as Kbuild does", () => {
  expect(moduleName("/some/where/crc-itu-t.ko")).toBe("crc_itu_t");
});

function hasClang(): boolean {
  try {
    execFileSync("clang", ["--version"]);
    return true;
  } catch {
    return false;
  }
}
