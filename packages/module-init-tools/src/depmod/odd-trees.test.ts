import { expect, test } from "vitest";
import { IndexReader } from "../index-format/index-reader";
import { makeModule, testEnvironment } from "../testing";
import { lcdDepmod } from "./depmod";

const TREE = "/lib/modules/1.2.3";
const BUILD = { "modules.order": "", "modules.builtin": "", "modules.builtin.modinfo": "" };

async function depmod(files: Readonly<Record<string, string | Uint8Array>>, ...args: string[]) {
  const inTree = Object.entries({ ...BUILD, ...files }).map(([path, bytes]) => [
    path.startsWith("/") ? path : `${TREE}/${path}`,
    bytes,
  ]);
  const env = testEnvironment(Object.fromEntries(inTree));
  const code = await lcdDepmod(["depmod", ...args, "1.2.3"], env);
  return { code, files: env.files, output: env.output(), errors: env.errors() };
}

async function indexOf(files: Readonly<Record<string, string>>, name: string) {
  const made = await depmod(files);
  const index = new IndexReader(await made.files.readFile(`${TREE}/${name}`), name);
  return {
    entries: [...index.entries()].map(({ key, values }) => [key, ...values.map(({ value }) => value)]),
    ...made,
  };
}

// All of this is what depmod of kmod 30 says and does with the same files.
test("lines of modules.builtin begin with a letter, and name a module up to its first dot", async () => {
  const lines = "kernel/a.b.ko\n_/c.ko\n\nkernel/d-e.ko.xz\n/f.ko\nkernel/g.ko";
  const { entries, errors } = await indexOf({ "modules.builtin": lines }, "modules.builtin.bin");
  expect(entries.map(([key]) => key).sort()).toEqual(["a", "d_e", "g"]);
  expect(errors).toBe(
    ["_/c.ko\n", "\n", "/f.ko\n"].map((line) => `depmod: ERROR: Invalid modules.builtin line: ${line}\n`).join(""),
  );
});

test("an empty alias of a module in the kernel is in no index, and -w is silent about two that are the same", async () => {
  const modinfo = "a.alias=\0b.alias=x\0b.alias=x\0";
  const { entries } = await indexOf({ "modules.builtin.modinfo": modinfo }, "modules.builtin.alias.bin");
  expect(entries).toEqual([["x", "b", "b"]]);
  expect((await depmod({ "modules.builtin.modinfo": modinfo }, "-w")).errors).toBe("");
});

test("modules.order counts the last mention of a module, and names one with dots to the third character from the first", async () => {
  const module = makeModule();
  const modules = { "k/m.1.ko": module, "k/a.ko": module, "k/b.ko.xz": module };
  const order = async (text: string) => {
    const { output } = await depmod({ ...modules, "modules.order": text }, "-n");
    return output.match(/^k\/\S+(?=:)/gm);
  };
  expect(await order("k/b.ko\nk/a.ko\nk/gone.ko\nk/b.ko\nk/m.1.\n")).toEqual(["k/a.ko", "k/b.ko.xz", "k/m.1.ko"]);
  expect((await order("k/m.1.\nk/b.ko\n"))?.[0]).toBe("k/m.1.ko");
  expect((await order("k/m.1.ko\nk/b.ko\n"))?.[0]).toBe("k/b.ko.xz");
});

test("of equal modules the last one in updates counts, and the first one elsewhere", async () => {
  const [one, two] = [makeModule(), makeModule({ modinfo: ["alias=two"] })];
  const aliasesIn = async (directory: string) =>
    (await depmod({ [`${directory}/a/x.ko`]: one, [`${directory}/b/x.ko`]: two }, "-n")).output.includes("alias two x");
  expect(await aliasesIn("updates")).toBe(true);
  expect(await aliasesIn("extra")).toBe(false);
});

test("external directories are searched last line first, and those that are not there are named", async () => {
  const { errors, code } = await depmod({ "/etc/depmod.d/x.conf": "external * /one\nexternal * /two\n" });
  expect(code).toBe(0);
  expect(errors).toBe(
    ["/two", "/one"]
      .map((path) => `depmod: ERROR: could not open directory ${path}: No such file or directory\n`)
      .join(""),
  );
});

test("-P leaves a character out of the symbols of modules and of the kernel, and of what they need", async () => {
  const { errors, output } = await depmod(
    {
      "user.ko": makeModule({ imports: ["_s", "s", "u", "_u", "__this_module"] }),
      "owner.ko": makeModule({ exports: ["_s"] }),
      "/symvers": "0x0\t_u\tvmlinux\t\n",
    },
    "-n",
    ...["-e", "-E", "/symvers", "-P", "_"],
  );
  expect(errors).toBe(`depmod: WARNING: ${TREE}/user.ko needs unknown symbol __this_module\n`);
  expect(output).toContain("user.ko: owner.ko\n");
});

test("a module that needs what it offers itself is in a cycle", async () => {
  const { code, errors } = await depmod({ "x.ko": makeModule({ exports: ["s"], imports: ["s"] }) });
  expect(code).toBe(1);
  expect(errors).toContain("depmod: ERROR: Cycle detected: x -> x\n");
});
