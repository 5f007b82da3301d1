import { describe, expect, test } from "vitest";
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

// `depmod nonsense -V` of kmod 30.
test("what is no version of a kernel does not keep depmod from saying its own", async () => {
  const env = testEnvironment({});
  expect(await lcdDepmod(["depmod", "nonsense", "-V"], env)).toBe(0);
  expect(env.errors()).toBe("");
});

// The sentences, here and below, are those of depmod of kmod 30 for the same files.
test("named modules are looked at instead of the tree, in the order of modules.order", async () => {
  const env = testEnvironment({ ...FILES, [`${TREE}/modules.order`]: "extra/x.ko\n" });
  const depmod = (...args: string[]) => lcdDepmod(["depmod", "-n", "1.2.3", ...args], env);
  expect(await depmod("/more/sub/z-z.ko", `${TREE}/extra/x.ko`)).toBe(0);
  expect(env.output()).toContain("extra/x.ko:\n/more/sub/z-z.ko:\n#");
  expect(await depmod("x.ko")).toBe(1);
  expect(await depmod("/no.ko")).toBe(1);
  expect(await depmod("/outside/x.ko", `${TREE}/extra/x.ko`)).toBe(1);
  expect(await depmod(`${TREE}/extra/x.ko`, `${TREE}/extra/x.ko`)).toBe(1);
  expect(env.errors()).toBe(
    "depmod: FATAL: x.ko: not absolute path.\n" +
      "depmod: FATAL: could not create module /no.ko: No such file or directory\n" +
      `depmod: FATAL: could not create module ${TREE}/extra/x.ko: File exists\n` +
      `depmod: FATAL: could not add module ${TREE}/extra/x.ko: File exists\n`,
  );
});

describe("-e", () => {
  const app = `${TREE}/extra/x.ko`;
  const uses = makeModule({ imports: ["p", "own"], weakImports: ["w"], versions: { p: 7, own: 7, w: 7, only: 0 } });
  const offers = makeModule({ exports: ["own"], checksums: { own: 5 } });
  const run = async (option: string, text: string, ...more: string[]) => {
    const env = testEnvironment({ ...FILES, [app]: uses, "/outside/y.ko": offers, "/kernel": text });
    const args = ["depmod", "-n", "-e", option, "/kernel", ...more, "1.2.3", app, "/outside/y.ko"];
    expect(await lcdDepmod(args, env)).toBe(0);
    return env.errors().replaceAll(`depmod: WARNING: ${app} `, "").split("\n").slice(0, -1);
  };

  test("with -E compares the versions of symbols, also of those that modules have, except for weak ones", async () => {
    const symvers = (version: string) => `${version}\tp\tvmlinux\tEXPORT\n0x1\tw\tvmlinux\t\n0\tonly vmlinux \n`;
    const own = "disagrees about version of symbol own";
    expect(await run("-E", symvers("0x7"))).toEqual([own]);
    expect(await run("-E", symvers("007"))).toEqual([own]);
    expect(await run("-E", symvers("-0xfffffffffffffff9"))).toEqual([own]);
    expect(await run("-E", symvers("0x8"))).toEqual(["disagrees about version of symbol p", own]);
    expect(await run("-E", symvers("0xz"))).toEqual([
      "depmod: ERROR: /kernel:1 Invalid symbol version 0xz: it is no hexadecimal number",
      "needs unknown symbol p",
      own,
    ]);
  });

  test("with -E leaves out lines that end after the file, and what is not in the kernel itself", async () => {
    expect(await run("-E", "0x7\tp\tvmlinux\n0x0\tonly\tdrivers/x\t\n")).toEqual([
      "needs unknown symbol p",
      "disagrees about version of symbol own",
      "needs unknown symbol only",
    ]);
  });

  test("with -F knows no versions, and names lines that are too short", async () => {
    expect(await run("-F", "0 R __ksymtab_p\r\n0 R __ksymtab_p\nodd line\n0 R __ksymtab_only")).toEqual([
      "depmod: ERROR: /kernel:3: invalid line: odd line",
      "",
    ]);
    expect(await run("-F", "0 R ___ksymtab_p\n0 R __ksymtab_only x\n", "-P", "_")).toEqual([
      "needs unknown symbol only",
    ]);
  });

  test("and -v names the first symbol of each module that another one needs", async () => {
    const env = testEnvironment({ ...FILES, [app]: uses, "/outside/y.ko": offers });
    expect(await lcdDepmod(["depmod", "-n", "-v", "1.2.3", app, "/outside/y.ko"], env)).toBe(0);
    expect(env.output()).toContain(`${app} needs "own": /outside/y.ko\n`);
  });
});

test.each([
  [["-q", "-V"], 0, "depmod: WARNING: Ignored deprecated option -q\n"],
  [["--map", "-n", "-Z"], 1, "depmod: WARNING: Ignored deprecated option --map\ndepmod: invalid option -- 'Z'\n"],
  [["-P", "ab"], 1, "depmod: FATAL: -P only takes a single char\n"],
  [["-P", ""], 1, "depmod: FATAL: -P only takes a single char\n"],
  [["1"], 1, "depmod: ERROR: Bad version passed 1\n"],
  [["/outside/x.ko"], 1, "depmod: ERROR: Bad version passed /outside/x.ko\n"],
  [
    ["-A", "-e", "9.9"],
    1,
    "depmod: ERROR: could not open directory /lib/modules/9.9: No such file or directory\n" +
      "depmod: WARNING: -e needs -E or -F\n" +
      "depmod: ERROR: could not open directory /lib/modules/9.9: No such file or directory\n" +
      "depmod: FATAL: could not search modules: No such file or directory\n",
  ],
  [["-E", "/no", "9.9"], 1, "depmod: FATAL: could not load /no: No such file or directory\n"],
])("%j gives %i and %j", async (args, code, errors) => {
  const env = testEnvironment(FILES);
  expect(await lcdDepmod(["depmod", ...args], env)).toBe(code);
  expect(env.errors()).toBe(errors);
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

test("long configurations are not gone through for each file", async () => {
  // 100,000 lines of each kind for each of 2,000 files would be hundreds of millions of comparisons, and more.
  const count = 100_000;
  const config = [
    `search ${"external ".repeat(count)}${"none ".repeat(count)}`,
    `exclude ${"none ".repeat(count)}`,
    ...Array.from({ length: count }, (_, i) => `override x${i} * none`),
    "override m7 * b",
    "external * /outside",
  ];
  const files = ["a", "b"].flatMap((directory) =>
    Array.from({ length: 1000 }, (_, i): [string, string] => [`${TREE}/${directory}/m${i}.ko`, ""]),
  );
  const env = testEnvironment({ ...Object.fromEntries(files), "/etc/depmod.d/x.conf": config.join("\n") });
  expect(await lcdDepmod(["depmod", "-n", "1.2.3"], env)).toBe(0);
  expect(env.output()).toContain("\na/m6.ko:\n");
  expect(env.output()).toContain("\nb/m7.ko:\n");
});
