import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { ToolEnvironment } from "../environment";
import { FileError } from "../files/files";
import { makeModule, testEnvironment } from "../testing";
import { lcdDepmod } from "./depmod";

const TREE = "/lib/modules/6.1.0";
/** What the kernel's build leaves in a tree. */
const ORDER = {
  [`${TREE}/modules.order`]: "kernel/a.ko\nkernel/b-x.ko\nkernel/c.ko\n",
  [`${TREE}/modules.builtin`]: "",
  [`${TREE}/modules.builtin.modinfo`]: "",
};

const a = makeModule({ exports: ["a_one"], imports: ["b_one"] });
const b = makeModule({ exports: ["b_one"], imports: ["c_one", "printk"] });
const c = makeModule({ exports: ["c_one"] });

function tree(modules: Readonly<Record<string, Uint8Array | string>>) {
  return Object.fromEntries(Object.entries(modules).map(([path, content]) => [`${TREE}/${path}`, content]));
}

test("modules.dep has every module with all that it needs, nearest first", async () => {
  const env = testEnvironment({ ...ORDER, ...tree({ "kernel/a.ko": a, "kernel/b-x.ko": b, "kernel/c.ko": c }) });
  expect(await lcdDepmod(["lcd-depmod"], env)).toBe(0);
  expect(env.errors()).toBe("");
  expect(env.files.text(`${TREE}/modules.dep`)).toBe(
    "kernel/a.ko: kernel/b-x.ko kernel/c.ko\nkernel/b-x.ko: kernel/c.ko\nkernel/c.ko:\n",
  );
});

test("of modules that need the same one, it comes after both", async () => {
  const env = testEnvironment({
    ...ORDER,
    ...tree({
      "kernel/a.ko": makeModule({ imports: ["c_one", "b_one"] }),
      "kernel/b-x.ko": b,
      "kernel/c.ko": c,
    }),
  });
  await lcdDepmod(["lcd-depmod", "-n"], env);
  expect(env.output().split("\n")[0]).toBe("kernel/a.ko: kernel/b-x.ko kernel/c.ko");
});

test("compressed modules are read like others and keep their names", async () => {
  const env = testEnvironment({ ...ORDER, ...tree({ "kernel/a.ko": a, "kernel/b-x.ko.gz": gzipSync(b) }) });
  await lcdDepmod(["lcd-depmod"], env);
  expect(env.files.text(`${TREE}/modules.dep`)).toBe("kernel/a.ko: kernel/b-x.ko.gz\nkernel/b-x.ko.gz:\n");
});

test("aliases, soft dependencies and exported symbols get files of their own", async () => {
  const env = testEnvironment({
    ...ORDER,
    ...tree({ "kernel/b-x.ko": makeModule({ exports: ["b_one"], modinfo: ["alias=net-pf-10", "softdep=pre: c"] }) }),
  });
  await lcdDepmod(["lcd-depmod"], env);
  expect(env.files.text(`${TREE}/modules.alias`)).toBe(
    "# Aliases extracted from modules themselves.\nalias net-pf-10 b_x\n",
  );
  expect(env.files.text(`${TREE}/modules.softdep`)).toBe(
    "# Soft dependencies extracted from modules themselves.\nsoftdep b_x pre: c\n",
  );
  expect(env.files.text(`${TREE}/modules.symbols`)).toBe(
    "# Aliases for symbols, used by symbol_request().\nalias symbol:b_one b_x\n",
  );
});

test("without symbol versions, a module exports the names in its __ksymtab_strings", async () => {
  const plain = makeModule({ unversionedExports: ["b_one", "b_two"] });
  const env = testEnvironment({ ...ORDER, ...tree({ "kernel/a.ko": a, "kernel/b-x.ko": plain }) });
  await lcdDepmod(["lcd-depmod"], env);
  expect(env.files.text(`${TREE}/modules.dep`)).toBe("kernel/a.ko: kernel/b-x.ko\nkernel/b-x.ko:\n");
});

test("symbols that nobody offers do no harm", async () => {
  const env = testEnvironment({ ...ORDER, ...tree({ "kernel/a.ko": a }) });
  expect(await lcdDepmod(["lcd-depmod"], env)).toBe(0);
  expect(env.files.text(`${TREE}/modules.dep`)).toBe("kernel/a.ko:\n");
  expect(env.errors()).toBe("");
});

// The words and the exit code are what depmod of kmod 30 prints for the same trees.
test("a dependency loop is shown, and nothing is written", async () => {
  const env = testEnvironment({
    ...ORDER,
    ...tree({
      "kernel/p.ko": makeModule({ exports: ["p"], imports: ["q"] }),
      "kernel/q.ko": makeModule({ exports: ["q"], imports: ["r"] }),
      "kernel/r.ko": makeModule({ exports: ["r"], imports: ["p", "s"] }),
      "kernel/s.ko": makeModule({ exports: ["s"] }),
      "kernel/t.ko": makeModule({ imports: ["p"] }),
    }),
  });
  const before = env.files.paths();
  expect(await lcdDepmod(["depmod"], env)).toBe(1);
  expect(env.errors()).toBe(
    "depmod: ERROR: Cycle detected: r -> p -> q -> r\ndepmod: ERROR: Found 3 modules in dependency cycles!\n",
  );
  expect(env.files.paths()).toEqual(before);
});

test("-e with -F names the symbols that neither a module nor the kernel has", async () => {
  const env = testEnvironment({
    ...ORDER,
    ...tree({ "kernel/a.ko": makeModule({ imports: ["printk", "nowhere", "kmalloc"], weakImports: ["maybe"] }) }),
    "/System.map": "ffffffff81000000 T _text\nffffffff81000010 R __ksymtab_printk\nffffffff81000010 T kmalloc\n",
  });
  expect(await lcdDepmod(["depmod", "-e", "-F", "/System.map"], env)).toBe(0);
  expect(env.errors()).toBe(
    `depmod: WARNING: ${TREE}/kernel/a.ko needs unknown symbol nowhere\n` +
      `depmod: WARNING: ${TREE}/kernel/a.ko needs unknown symbol kmalloc\n`,
  );
});

test("a tree that is not there is an error", async () => {
  const env = testEnvironment();
  expect(await lcdDepmod(["depmod", "-b", "/x", "9.9.9"], env)).toBe(1);
  expect(env.errors()).toBe(
    "depmod: ERROR: could not open directory /x/lib/modules/9.9.9: No such file or directory\n" +
      "depmod: FATAL: could not search modules: No such file or directory\n",
  );
});

test("a version that is none is an error", async () => {
  const env = testEnvironment();
  expect(await lcdDepmod(["depmod", "junk"], env)).toBe(1);
  expect(env.errors()).toBe("depmod: ERROR: Bad version passed junk\n");
});

test("of two modules with one name the one below updates wins, else the first", async () => {
  const env = testEnvironment({
    ...tree({
      "modules.order": "",
      "kernel/x.ko": a,
      "updates/x.ko": c,
      "a/y-z.ko": b,
      "b/y_z.ko": c,
      "build/w.ko": c,
    }),
  });
  await lcdDepmod(["depmod"], env);
  expect(env.files.text(`${TREE}/modules.dep`)).toContain("updates/x.ko:");
  expect(env.files.text(`${TREE}/modules.dep`)).toContain("a/y-z.ko:");
  expect(env.files.text(`${TREE}/modules.dep`).split("\n")).toHaveLength(3);
});

test("a broken module is reported and listed, and the others are unharmed", async () => {
  const env = testEnvironment({
    ...ORDER,
    ...tree({ "kernel/a.ko": "this is text", "kernel/b-x.ko": b.subarray(0, b.length / 2), "kernel/c.ko": c }),
  });
  expect(await lcdDepmod(["depmod"], env)).toBe(0);
  const [first, second, ...rest] = env.errors().split("\n");
  expect(first).toContain(`depmod: ERROR: failed to load symbols from ${TREE}/kernel/a.ko: Exec format error`);
  expect(second).toContain(`depmod: ERROR: failed to load symbols from ${TREE}/kernel/b-x.ko: Invalid argument`);
  expect(rest).toEqual([""]);
  expect(env.files.text(`${TREE}/modules.dep`)).toBe("kernel/a.ko:\nkernel/b-x.ko:\nkernel/c.ko:\n");
});

test("a module that is cut off anywhere is never more than one message", async () => {
  const whole = makeModule({ exports: ["x"], imports: ["y"], modinfo: ["alias=z"] });
  for (let length = 0; length < whole.length; length++) {
    const env = testEnvironment({ ...ORDER, ...tree({ "kernel/a.ko": whole.subarray(0, length) }) });
    expect(await lcdDepmod(["depmod"], env)).toBe(0);
    expect(env.errors().split("\n").length, `${length} bytes`).toBeLessThanOrEqual(2);
  }
});

test("when the disk is full the old files stay and no unfinished one is left", async () => {
  const env = testEnvironment({ ...ORDER, ...tree({ "kernel/c.ko": c, "modules.dep": "old\n" }) });
  const { files } = env;
  const writeFile = async (path: string, bytes: Uint8Array) => {
    if (path.includes("modules.softdep")) throw new FileError("ENOSPC", "full");
    await files.writeFile(path, bytes);
  };
  const full: ToolEnvironment = {
    ...env,
    files: {
      readFile: (path) => files.readFile(path),
      readDirectory: (path) => files.readDirectory(path),
      stat: (path) => files.stat(path),
      writeFile,
      rename: (from, to) => files.rename(from, to),
      remove: (path) => files.remove(path),
    },
  };
  expect(await lcdDepmod(["depmod"], full)).toBe(1);
  expect(env.errors()).toContain("No space left on device");
  expect(env.files.text(`${TREE}/modules.dep`)).toBe("old\n");
  expect(env.files.paths().filter((path) => path.endsWith(".new"))).toEqual([]);
});

test("-o writes below another directory, which it makes", async () => {
  const env = testEnvironment({ ...ORDER, ...tree({ "kernel/c.ko": c }) });
  expect(await lcdDepmod(["depmod", "-o", "/out"], env)).toBe(0);
  expect(env.files.text("/out/lib/modules/6.1.0/modules.dep")).toBe("kernel/c.ko:\n");
  expect(env.files.paths()).not.toContain(`${TREE}/modules.dep`);
});
