import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prebuiltDirectory } from "liblcd";
import { describe, expect, it } from "vitest";
import { exampleBytes, Folder, testModule } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

/** A directory tree with asker and answer, as depmod wants one. */
function moduleTree(): string {
  const root = new Folder().path;
  const release = join(root, "lib/modules/6.1.0");
  mkdirSync(join(release, "kernel"), { recursive: true });
  for (const name of ["asker", "answer"]) writeFileSync(join(release, "kernel", `${name}.ko`), exampleBytes(name));
  for (const name of ["modules.order", "modules.builtin", "modules.builtin.modinfo"])
    writeFileSync(join(release, name), "");
  return root;
}

describe("the module tools", () => {
  it("index a tree, and load from it into an emulated host", async () => {
    const root = moduleTree();
    expect(await runLcd(["depmod", "-b", root, "6.1.0"])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(root, "lib/modules/6.1.0/modules.dep"), "utf8")).toContain(
      "kernel/asker.ko: kernel/answer.ko\n",
    );
    const plan = await runLcd(["modprobe", "-d", root, "-S", "6.1.0", "-D", "asker"]);
    expect(plan.stdout).toMatch(/answer\.ko \ninsmod .*asker\.ko \n$/);
    const loaded = await runLcd(["modprobe", "-d", root, "-S", "6.1.0", "--verbose", "asker"]);
    expect(loaded.code).toBe(0);
    expect(loaded.stdout).toMatch(/^asker \d+ 0 - Live 0xffffffffa\w+\nanswer \d+ 1 asker, Live 0xffffffffa\w+\n$/m);
  });

  it("find the examples when no tree is named", async () => {
    const { code, stdout } = await runLcd(["modprobe", "-v", "asker"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`insmod ${prebuiltDirectory}/answer.ko`);
    expect(await runLcd(["modprobe", "xyzzy"])).toMatchObject({
      code: 1,
      stderr: `lcd modprobe: FATAL: Module xyzzy not found in directory ${prebuiltDirectory}\n`,
    });
  });

  it("load one file, with parameters, and show why it does not load", async () => {
    const folder = new Folder();
    folder.write("params.ko", exampleBytes("params"));
    expect(await runLcd(["insmod", "params.ko", "count=2"], { cwd: folder.path })).toMatchObject({
      code: 0,
      stdout: "",
    });
    const bad = await runLcd(["insmod", "params.ko", "count=x"], { cwd: folder.path });
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain("Invalid parameters");
    const unknown = await runLcd(["insmod", testModule("unknown-symbol")]);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("Unknown symbol nobody_exports_this (err -2)");
  });

  it("explain an example, and a file", async () => {
    const example = await runLcd(["modinfo", "-p", "params"]);
    expect([example.code, example.stderr]).toEqual([0, ""]);
    expect(example.stdout).toContain("count:");
    const folder = new Folder();
    folder.write("mine.ko", exampleBytes("asker"));
    expect(await runLcd(["modinfo", "-F", "description", "./mine.ko"], { cwd: folder.path })).toMatchObject({
      code: 0,
      stdout: "Asks for the answer\n",
    });
    expect(await runLcd(["modinfo", "xyzzy"])).toMatchObject({
      code: 1,
      stderr: "lcd modinfo: ERROR: Module xyzzy not found.\n",
    });
  });

  it("have nothing to list or to take out in a host that has just begun, and say where they have", async () => {
    const hint = expect.stringContaining("lcd host runs several commands in one");
    expect(await runLcd(["lsmod"])).toEqual({
      code: 0,
      stdout: "Module                  Size  Used by\n",
      stderr: hint,
    });
    expect(await runLcd(["lsmod", "--json"])).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
    expect((await runLcd(["lsmod", "hello"])).code).toBe(1);
    const { code, stderr } = await runLcd(["rmmod", "hello"]);
    expect([code, stderr]).toEqual([1, hint]);
    expect(stderr).toContain("lcd rmmod: ERROR: Module hello is not currently loaded\n");
    expect(await runLcd(["modprobe", "-r", "hello"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("take out of the emulated host, and not of this machine, what is loaded there", async () => {
    const root = moduleTree();
    await runLcd(["depmod", "-b", root, "6.1.0"]);
    const args = ["-d", root, "-S", "6.1.0", "-r", "--first-time", "asker"];
    expect(await runLcd(["modprobe", ...args])).toMatchObject({
      code: 1,
      stderr: "lcd modprobe: FATAL: Module asker is not in kernel.\n",
    });
  });

  it("show their help, and what LCD adds to it", async () => {
    expect((await runLcd(["lsmod", "--help"])).stdout).toMatch(
      /^Usage:\n {2}lcd lsmod [\s\S]*Examples:\n {2}lcd lsmod /,
    );
    for (const tool of ["modprobe", "insmod", "rmmod", "modinfo", "depmod"]) {
      const { code, stdout } = await runLcd([tool, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage:\\n  lcd-${tool} [\\s\\S]*Examples:\\n  lcd ${tool} `));
    }
  });
});
