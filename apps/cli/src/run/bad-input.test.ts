import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getuid } from "node:process";
import { parseElf } from "elf-image";
import { prebuiltDirectory } from "liblcd";
import { describe, expect, it } from "vitest";
import { exampleBytes, Folder, testModule } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

const folder = new Folder();

/** Runs `lcd run`, and gives exit code and what it says. */
async function run(...words: string[]): Promise<[code: number, said: string]> {
  const { code, stderr } = await runLcd(["run", ...words], { cwd: folder.path });
  return [code, stderr];
}

describe("lcd run says what is wrong with", () => {
  it("a module that is not there, and what was probably meant", async () => {
    expect(await run("helo")).toEqual([
      1,
      "lcd: there is no module helo in the examples of LCD; did you mean hello?\n",
    ]);
    expect(await run("xyzzy")).toEqual([
      1,
      "lcd: there is no module xyzzy in the examples of LCD; " +
        "there are answer, asker, divide, hello, memory, params, spin, wild_write\n",
    ]);
    expect(await run("./nothing.ko")).toEqual([1, "lcd: cannot read ./nothing.ko: no such file or directory\n"]);
    expect(await run("hello", "--modules", "nowhere")).toEqual([
      1,
      expect.stringMatching(/^lcd: --modules .*nowhere: no such file or directory\n$/),
    ]);
  });

  it("a directory in the place of a module", async () => {
    expect(await run("./")).toEqual([1, "lcd: ./ is a directory, not a module; --modules ./ looks for names in it\n"]);
  });

  it.skipIf(getuid?.() === 0)("a module that may not be read", async () => {
    const path = folder.write("secret.ko", exampleBytes("hello"));
    chmodSync(path, 0);
    expect(await run("./secret.ko")).toEqual([1, "lcd: cannot read ./secret.ko: permission denied\n"]);
  });

  it("a file that is no ELF file", async () => {
    folder.write("text.ko", "not a module\n");
    expect(await run("./text.ko")).toEqual([1, expect.stringMatching(/^lcd: .*not an ELF file/)]);
    folder.write("empty.ko", "");
    expect(await run("./empty.ko")).toEqual([1, expect.stringContaining("the file is empty")]);
  });

  it("a module that is cut off", async () => {
    const bytes = exampleBytes("hello");
    for (const length of [1, 63, 64, 100, bytes.length >> 1, bytes.length - 1]) {
      folder.write("cut.ko", bytes.subarray(0, length));
      const [code, said] = await run("./cut.ko");
      expect([length, code]).toEqual([length, 1]);
      expect(said).toMatch(/^lcd: .+\n$/);
      expect(said).not.toContain("bug");
    }
  });

  it("a compressed module that is damaged", async () => {
    folder.write("damaged.ko.gz", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3));
    const [code, said] = await run("./damaged.ko.gz");
    expect(code).toBe(1);
    expect(said).toMatch(/^lcd: .*damaged\.ko\.gz: /);
  });

  it("a module for another machine, or of the other class", async () => {
    const arm = exampleBytes("hello");
    arm[18] = 183; // e_machine: AArch64
    folder.write("arm.ko", arm);
    expect(await run("./arm.ko")).toEqual([1, expect.stringContaining("it is for machine 183, not for x86-64")]);
    const narrow = exampleBytes("hello");
    narrow[4] = 1; // e_ident[EI_CLASS]: ELFCLASS32
    folder.write("narrow.ko", narrow);
    expect(await run("./narrow.ko")).toEqual([1, expect.stringMatching(/^lcd: .+\n$/)]);
  });

  it("an unknown symbol", async () => {
    expect(await run(testModule("unknown-symbol"))).toEqual([
      1,
      "lcd: unknown_symbol: Unknown symbol nobody_exports_this (err -2)\n",
    ]);
  });

  it("modules that need each other", async () => {
    const [code, said] = await run(testModule("loop-a"));
    expect(code).toBe(1);
    expect(said).toMatch(/Cycle detected: loop_[ab] -> loop_[ab] -> loop_[ab]/);
  });

  it("parameters that the module does not have, or cannot read", async () => {
    expect(await run("params", "cout=3")).toEqual([
      1,
      expect.stringMatching(/^lcd: params: unknown parameter 'cout'; it has .*count \(int\)/),
    ]);
    expect(await run("params", "count=many")).toEqual([1, "lcd: params: `many' invalid for parameter `count'\n"]);
    expect(await run("params", "count=99999999999")).toEqual([1, expect.stringContaining("count")]);
    expect(await run("params", "=3")).toEqual([
      2,
      'lcd: run: "=3" is no module parameter; they look like name=value\n',
    ]);
  });

  it("too little memory to load", async () => {
    const bytes = exampleBytes("params");
    const bss = parseElf(bytes).section(".bss");
    const table = new DataView(bytes.buffer).getBigUint64(0x28, true); // e_shoff
    const size = Number(table) + (bss?.index ?? 0) * 64 + 32; // sh_size
    new DataView(bytes.buffer).setBigUint64(size, 16n * 2n ** 20n, true);
    folder.write("params.ko", bytes);
    expect(await run("./params.ko", "--memory", "64M")).toEqual([0, ""]);
    const [code, said] = await run("./params.ko", "--memory", "4M");
    expect(code).toBe(1);
    expect(said).toMatch(/^lcd: .*(memory|pages)/);
  });

  it("symbols that may be in modules of a tree that has no modules.dep, and how to make it", async () => {
    const directory = `${folder.path}/lib/modules/6.1.0`;
    mkdirSync(`${directory}/kernel/one`, { recursive: true });
    mkdirSync(`${directory}/kernel/two`, { recursive: true });
    for (const name of ["modules.builtin", "modules.order"]) writeFileSync(`${directory}/${name}`, "");
    writeFileSync(`${directory}/kernel/one/asker.ko`, exampleBytes("asker"));
    writeFileSync(`${directory}/kernel/two/answer.ko`, exampleBytes("answer"));
    const [code, said] = await run(`${directory}/kernel/one/asker.ko`);
    expect([code, said]).toEqual([1, expect.stringContaining("Unknown symbol answer (err -2)")]);
    const [, advice] = /: lcd (depmod .*)\n$/.exec(said) ?? [];
    expect((await runLcd((advice ?? "").split(" "))).code).toBe(0);
    expect(await run(`${directory}/kernel/one/asker.ko`)).toEqual([0, ""]);
  });

  it.skipIf(process.platform === "win32")("devices, but pipes beside a module do not hold it up", async () => {
    expect(await run("/dev/zero")).toEqual([1, "lcd: /dev/zero: it is a device, not a file\n"]);
    const directory = new Folder();
    directory.copy(...["asker", "answer"].map((name) => join(prebuiltDirectory, `${name}.ko`)));
    execFileSync("mkfifo", [join(directory.path, "a-pipe.ko")]);
    expect(await run(join(directory.path, "asker.ko"))).toEqual([0, ""]);
  });

  it("a module without init", async () => {
    expect(await run(testModule("no-init"))).toEqual([1, expect.stringContaining("has no init function")]);
  });

  it("its own command line", async () => {
    expect(await run()).toEqual([2, "lcd run: missing required argument 'module'\nlcd run --help says more.\n"]);
    expect(await run("hello", "--memory", "lots")).toEqual([2, expect.stringContaining("4096, 64K, 64M or 1G")]);
    expect(await run("hello", "--memory", "4K")).toEqual([2, expect.stringContaining("2M to 3G")]);
    expect(await run("hello", "--cpus", "0")).toEqual([2, expect.stringContaining("1 to 32")]);
    expect(await run("hello", "--fuel", "0")).toEqual([2, expect.stringContaining("more than 0")]);
    expect(await run("hello", "--timeout", "soon")).toEqual([2, expect.stringContaining("seconds")]);
    expect(await run("hello", "--timeout", "99999999")).toEqual([2, expect.stringContaining("at most 2147483")]);
    for (const words of [[""], ["hello", "--modules", ""]]) {
      expect(await run(...words)).toEqual([2, expect.stringContaining("It must not be empty.")]);
    }
    expect(await run("hello", "--memroy", "4M")).toEqual([2, expect.stringContaining("Did you mean --memory?")]);
  });

  it("anything, as JSON too", async () => {
    const { code, stdout } = await runLcd(["run", "params", "count=x", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      module: "params",
      outcome: "failed",
      error: "EINVAL",
      message: "params: `x' invalid for parameter `count'",
      exitCode: 1,
    });
  });
});
