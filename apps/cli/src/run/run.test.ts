import { join } from "node:path";
import { prebuiltDirectory } from "liblcd";
import { describe, expect, it } from "vitest";
import { exampleBytes, Folder, testModule } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

const example = (name: string): string => join(prebuiltDirectory, `${name}.ko`);

describe("lcd run", () => {
  it("runs an example by its name and prints what its domain prints, and nothing else", async () => {
    expect(await runLcd(["run", "hello"])).toEqual({
      code: 0,
      stdout:
        "Hello from an isolated kernel module!\n" +
        'numbers: -42, 42, 0xbeef, 9007199254740993; a string: "isolated"; a character: !\n',
      stderr: "",
    });
  });

  it("takes dashes for underscores, and hello.ko for hello", async () => {
    expect((await runLcd(["run", "wild-write", "--json"])).code).toBe(3);
    expect((await runLcd(["run", "hello.ko"])).code).toBe(0);
  });

  it("gives the module its parameters", async () => {
    const { stdout } = await runLcd(["run", "params", "name=Ada", "count=2", "loud=1", "sizes=1,20,300"]);
    expect(stdout).toBe("Hello, Ada!\nHello, Ada!\n3 sizes, together 321\n");
  });

  it("runs a file, and loads what it needs from beside it", async () => {
    const folder = new Folder();
    folder.copy(example("asker"), example("answer"), testModule("loop-a"), testModule("loop-b"));
    folder.write("broken.ko", "this is no module");
    expect(await runLcd(["run", "./asker.ko"], { cwd: folder.path })).toMatchObject({
      code: 0,
      stdout: "the answer is 42\n",
    });
  });

  it("loads what a file needs through the modules.dep of the tree that it lies in", async () => {
    expect(await runLcd(["run", example("asker")])).toMatchObject({ code: 0, stdout: "the answer is 42\n" });
  });

  it("finds names in a directory of modules, with no modules.dep there", async () => {
    const folder = new Folder();
    folder.copy(example("asker"), example("answer"));
    const found = await runLcd(["run", "asker", "--modules", folder.path]);
    expect(found).toMatchObject({ code: 0, stdout: "the answer is 42\n" });
  });

  it("takes a module whose file has another name", async () => {
    const folder = new Folder();
    const path = folder.write("renamed.ko", exampleBytes("hello"));
    expect((await runLcd(["run", path])).code).toBe(0);
  });

  it("names the error that init returns, and exits with 1", async () => {
    expect(await runLcd(["run", testModule("init-fails")])).toMatchObject({
      code: 1,
      stderr: "init_fails: init returned -EINVAL (-22)\n",
    });
  });

  it("exits with 1 when init returns something that is neither 0 nor an error", async () => {
    expect(await runLcd(["run", testModule("exits"), "result=7"])).toMatchObject({
      code: 1,
      stderr: "exits: init returned 7, which is neither 0 nor an error that has a name\n",
    });
  });

  it("shows the kernel log, /proc/modules and the instructions with --verbose", async () => {
    const { code, stdout, stderr } = await runLcd(["run", "asker", "--verbose", "--cpus", "3"]);
    expect([code, stdout]).toEqual([0, "the answer is 42\n"]);
    expect(stderr).toMatch(/^\[ {4}0\.000000\] lcd: VMX is on on 3 processors, 16383 pages of memory\n/);
    expect(stderr).toMatch(/^answer \d+ 1 asker, Live 0xffffffffa[0-9a-f]+$/m);
    expect(stderr).toMatch(/^asker: \d+ instructions$/m);
  });

  it("takes sizes with K, M and G", async () => {
    expect((await runLcd(["run", "hello", "--memory", "4M", "-v"])).stderr).toContain("1023 pages of memory");
    expect((await runLcd(["run", "hello", "--memory", "8192K", "-v"])).stderr).toContain("2047 pages of memory");
  });

  it("gives one JSON object, with what the domain printed in it", async () => {
    const { code, stdout, stderr } = await runLcd(["run", "asker", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({
      module: "asker",
      outcome: "returned",
      result: 0,
      error: null,
      instructions: expect.any(Number),
      console: "the answer is 42\n",
      exitCode: 0,
    });
  });
});
