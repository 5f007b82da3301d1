import fc from "fast-check";
import { expect, test } from "vitest";
import { FileError } from "../files/files";
import { memoryFiles } from "../files/memory-files";
import { makeModule, testEnvironment } from "../testing";
import { type Trouble, troubledFiles } from "../testing/troubled-files";
import { lcdDepmod } from "./depmod";

const TREE = "/lib/modules/6.1.0";
const BUILD = { "modules.order": "", "modules.builtin": "", "modules.builtin.modinfo": "" };

/** Files that depmod writes (depmod(8), modules.dep(5)). */
const INDEXES = ["dep", "dep.bin", "alias", "alias.bin", "softdep", "symbols", "symbols.bin", "devname"]
  .concat(["builtin.bin", "builtin.alias.bin"])
  .map((name) => `modules.${name}`);

function inTree(content: Readonly<Record<string, Uint8Array | string>>) {
  return Object.fromEntries(Object.entries(content).map(([path, bytes]) => [`${TREE}/${path}`, bytes]));
}

const modules = inTree({
  ...BUILD,
  "kernel/a.ko": makeModule({ exports: ["a"], imports: ["b"], modinfo: ["alias=one"] }),
  "kernel/b.ko": makeModule({ exports: ["b"], modinfo: ["softdep=pre: a", "alias=devname:x", "alias=char-major-1-2"] }),
});
const old = inTree(Object.fromEntries(INDEXES.map((name) => [name, `old ${name}`])));

const depmod = (env: ReturnType<typeof testEnvironment>, trouble: Trouble) =>
  lcdDepmod(["depmod"], { ...env, files: troubledFiles(env.files, trouble) });

/** What an undisturbed depmod makes of the modules. */
async function wanted(): Promise<Map<string, string>> {
  const env = testEnvironment(modules);
  expect(await lcdDepmod(["depmod"], env)).toBe(0);
  return contentOf(env);
}

function contentOf({ files }: ReturnType<typeof testEnvironment>): Map<string, string> {
  return new Map(files.paths().map((path) => [path, files.text(path)]));
}

test.each(["ENOSPC", "EIO", "EROFS"])("%s at any write or rename: exit code 1, and no file is half", async (code) => {
  const fresh = await wanted();
  const operations = 2 * INDEXES.length;
  for (let failing = 0; failing <= operations; failing++) {
    const env = testEnvironment({ ...modules, ...old });
    let count = 0;
    const exitCode = await depmod(env, (operation) => {
      if (operation !== "remove" && count++ === failing) throw new FileError(code, "the disk is in trouble");
    });
    const content = contentOf(env);
    expect([...content.keys()]).toEqual([...fresh.keys()]);
    for (const name of INDEXES) {
      expect([`old ${name}`, fresh.get(`${TREE}/${name}`)]).toContain(content.get(`${TREE}/${name}`));
    }
    if (failing === operations) expect([exitCode, content]).toEqual([0, fresh]);
    else expect([exitCode, env.errors()]).toEqual([1, expect.stringContaining(`could not write to ${TREE}: `)]);
    // All is written before the first file takes its place.
    if (failing < INDEXES.length) expect(content.get(`${TREE}/modules.dep`)).toBe("old modules.dep");
  }
});

test("a depmod that is killed leaves nothing half, and nothing that the next one minds", async () => {
  const fresh = await wanted();
  for (let last = 0; last < 2 * INDEXES.length; last++) {
    const env = testEnvironment({ ...modules, ...old });
    let count = 0;
    await new Promise<void>((killed) => {
      void depmod(env, () => (count++ === last ? new Promise(() => killed()) : undefined));
    });
    for (const name of INDEXES) {
      expect([`old ${name}`, fresh.get(`${TREE}/${name}`)]).toContain(env.files.text(`${TREE}/${name}`));
    }
    expect(await lcdDepmod(["depmod"], env)).toBe(0);
    const content = contentOf(env);
    for (const [path, text] of fresh) expect(content.get(path)).toBe(text);
    for (const path of content.keys())
      if (!fresh.has(path)) expect(path).toMatch(/\/modules\.[a-z.]+\.[-0-9a-f]{36}\.new$/);
  }
});

test("two depmods at once leave what one leaves, however their steps mix", async () => {
  const fresh = await wanted();
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const env = testEnvironment({ ...modules, ...old });
      const both = Promise.all([1, 2].map(() => depmod(env, () => scheduler.schedule(Promise.resolve()))));
      await scheduler.waitFor(both);
      expect(await both).toEqual([0, 0]);
      expect(contentOf(env)).toEqual(fresh);
    }),
    { numRuns: 30 },
  );
});

test("a module that is gone when it is read is reported, and the others are unharmed", async () => {
  const env = testEnvironment(modules);
  const readFile = async (path: string) => {
    if (path.endsWith("/a.ko")) throw new FileError("ENOENT", `${path} does not exist`);
    return env.files.readFile(path);
  };
  expect(
    await lcdDepmod(["depmod"], { ...env, files: { ...troubledFiles(env.files, () => undefined), readFile } }),
  ).toBe(0);
  expect(env.errors()).toBe(
    `depmod: ERROR: failed to load symbols from ${TREE}/kernel/a.ko: No such file or directory\n`,
  );
  expect(env.files.text(`${TREE}/modules.dep`).split("\n").sort()).toEqual(["", "kernel/a.ko:", "kernel/b.ko:"]);
});

test("a directory that cannot be read is reported, and the others are unharmed", async () => {
  const env = testEnvironment({ ...modules, ...inTree({ "secret/c.ko": makeModule() }) });
  const readDirectory = async (path: string) => {
    if (path.endsWith("/secret")) throw new FileError("EACCES", `${path} may not be read`);
    return env.files.readDirectory(path);
  };
  const files = { ...troubledFiles(env.files, () => undefined), readDirectory };
  expect(await lcdDepmod(["depmod"], { ...env, files })).toBe(0);
  expect(env.errors()).toMatch(/^depmod: ERROR: .*\bsecret\b.*: Permission denied\n$/);
  expect(env.files.text(`${TREE}/modules.dep`)).toContain("kernel/a.ko: kernel/b.ko\n");
});

test("what cannot be a key of an index is left out of it, and said", async () => {
  const env = testEnvironment(
    inTree({
      ...BUILD,
      "modules.builtin": "kernel/ö.ko\n",
      "a.ko": makeModule({ exports: ["sym_ä", "b"], modinfo: ["alias=x-ü", "alias=good"] }),
    }),
  );
  expect(await lcdDepmod(["depmod"], env)).toBe(0);
  expect(env.errors().match(/'.*'.*/g)).toEqual([
    "'x_ü' of a is left out of it: only 7-bit ASCII is supported",
    "'symbol:sym_ä' of a is left out of it: only 7-bit ASCII is supported",
    "'ö' is left out of it: only 7-bit ASCII is supported",
  ]);
  expect(env.files.text(`${TREE}/modules.alias`)).toContain("alias x-ü a\nalias good a\n");
  expect(env.files.text(`${TREE}/modules.alias.bin`)).toContain("ood");
});

test("an index in whose place a directory stands is not written, nor is any other after it", async () => {
  const files = memoryFiles({ ...modules, [`${TREE}/modules.dep/x`]: "" });
  const env = { ...testEnvironment(), files };
  expect(await lcdDepmod(["depmod"], env)).toBe(1);
  expect(env.errors()).toBe(`depmod: FATAL: could not write to ${TREE}: Is a directory\n`);
  expect(files.paths().filter((path) => path.endsWith(".new") || path.endsWith(".bin"))).toEqual([]);
});
