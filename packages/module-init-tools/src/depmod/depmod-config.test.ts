import { expect, test } from "vitest";
import type { ToolEnvironment } from "../environment";
import { makeModule, testEnvironment } from "../testing";
import { lcdDepmod } from "./depmod";

const TREE = "/lib/modules/1.2.3";
const module = makeModule();

const FILES = {
  [`${TREE}/modules.order`]: "",
  [`${TREE}/modules.builtin`]: "",
  [`${TREE}/modules.builtin.modinfo`]: "",
  [`${TREE}/extra/x.ko`]: module,
  [`${TREE}/kernel/a/x.ko`]: module,
  [`${TREE}/updates/sub/x.ko`]: module,
  [`${TREE}/weak/x.ko.gz`]: module,
  "/outside/x.ko": module,
  "/more/sub/z-z.ko": module,
};

async function depmod(config: string, ...args: string[]) {
  const env = testEnvironment({ ...FILES, "/etc/depmod.d/x.conf": config });
  const code = await lcdDepmod(["depmod", "-n", ...args, "1.2.3"], env);
  const modules = env
    .output()
    .split("\n")
    .filter((line) => line.endsWith(":"));
  return { code, modules: modules.map((line) => line.slice(0, -1)), errors: env.errors() };
}

// What depmod of kmod 30 chooses with the same lines in /run/depmod.d.
test.each([
  ["", "updates/sub/x.ko"],
  ["search extra built-in", "extra/x.ko"],
  ["search weak extra updates", "weak/x.ko.gz"],
  ["search built-in extra updates weak", "kernel/a/x.ko"],
  ["search weak\nsearch updates", "weak/x.ko.gz"],
  ["search updates/sub", "updates/sub/x.ko"],
  ["search updates/su \\\n weak", "weak/x.ko.gz"],
  ["override x * weak", "weak/x.ko.gz"],
  ["override x 9.9 weak", "updates/sub/x.ko"],
  ["override x 1.[ weak", "updates/sub/x.ko"],
  ["override x 1.* extra\noverride x * weak", "weak/x.ko.gz"],
  ["exclude updates extra", "kernel/a/x.ko"],
  ["external * /outside\nsearch external built-in", "/outside/x.ko"],
  ["external * /outside", "updates/sub/x.ko"],
  ["external 9 /outside\nsearch external updates", "updates/sub/x.ko"],
])("%j chooses %s", async (config, path) => {
  expect(await depmod(config)).toEqual({ code: 0, modules: [path], errors: "" });
});

test("external directories bring modules of their own; those that are not there are passed over", async () => {
  expect((await depmod("external * /more\nexternal * /nowhere\n")).modules.sort()).toEqual([
    "/more/sub/z-z.ko",
    "updates/sub/x.ko",
  ]);
});

test("lines that cannot be understood are named, and the rest applies", async () => {
  const config = "make_map_files no\ninclude x\nnonsense y\nsearch weak\noverride a b\nexternal 1\n";
  expect(await depmod(config)).toEqual({
    code: 0,
    modules: ["weak/x.ko.gz"],
    errors: [3, 5, 6]
      .map((line) => `depmod: ERROR: /etc/depmod.d/x.conf:${line}: ignoring bad line starting with '`)
      .map((text, i) => `${text}${["nonsense", "override", "external"][i]}'\n`)
      .join(""),
  });
});

test("named modules are looked at instead of the tree", async () => {
  const env = testEnvironment(FILES);
  expect(await lcdDepmod(["depmod", "-n", "1.2.3", `${TREE}/extra/x.ko`, "/outside/x.ko"], env)).toBe(0);
  expect(env.output()).toContain("extra/x.ko:\n/outside/x.ko:\n#");
  expect(await lcdDepmod(["depmod", "1.2.3", "x.ko"], env)).toBe(1);
  expect(await lcdDepmod(["depmod", "1.2.3", "/no.ko"], env)).toBe(1);
  expect(env.errors()).toBe(
    "depmod: FATAL: x.ko: not absolute path.\n" +
      "depmod: FATAL: could not create module /no.ko: No such file or directory\n",
  );
});

test("-e with -E compares versions with Module.symvers", async () => {
  const uses = makeModule({ imports: ["printk", "kfree", "nowhere"] });
  const env = testEnvironment({
    ...FILES,
    [`${TREE}/extra/x.ko`]: uses,
    "/symvers": "0x1\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0x2\tkfree\tdrivers/x\tEXPORT_SYMBOL\n",
  });
  expect(await lcdDepmod(["depmod", "-n", "-e", "-E", "/symvers", "1.2.3", `${TREE}/extra/x.ko`], env)).toBe(0);
  expect(env.errors()).toBe(
    ["kfree", "nowhere"].map((name) => `depmod: WARNING: ${TREE}/extra/x.ko needs unknown symbol ${name}\n`).join(""),
  );
});

test("-A does nothing unless a module is newer than modules.dep", async () => {
  const env = testEnvironment({ ...FILES, [`${TREE}/modules.dep`]: "old\n" });
  const run = async (newest: number) => {
    const { files } = env;
    const dated: ToolEnvironment["files"] = {
      readFile: (path) => files.readFile(path),
      readDirectory: (path) => files.readDirectory(path),
      writeFile: (path, bytes) => files.writeFile(path, bytes),
      rename: (from, to) => files.rename(from, to),
      remove: (path) => files.remove(path),
      stat: async (path) => ({ ...(await files.stat(path)), modified: path.endsWith("weak/x.ko.gz") ? newest : 5 }),
    };
    expect(await lcdDepmod(["depmod", "-A", "1.2.3"], { ...env, files: dated })).toBe(0);
    return files.text(`${TREE}/modules.dep`);
  };
  expect(await run(5)).toBe("old\n");
  expect(await run(6)).toBe("updates/sub/x.ko:\n");
});
