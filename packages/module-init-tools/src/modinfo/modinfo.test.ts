import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { makeModule, testEnvironment } from "../testing";
import { lcdModinfo } from "./modinfo";

const TREE = "/lib/modules/6.1.0";

const modinfo = [
  "parm=a:first",
  "parmtype=a:int",
  "parmtype=b:charp",
  "parm=c:third",
  "license=GPL",
  "averyveryverylongkeyname=x",
  "parm=a:again",
  "depends=",
];

const files = {
  [`${TREE}/modules.dep`]: "kernel/a-b.ko: kernel/c.ko\nkernel/c.ko.gz:\n",
  [`${TREE}/modules.alias`]: "alias net-pf-* a_b\nalias net-pf-1? c\n",
  [`${TREE}/modules.builtin`]: "kernel/core.ko\n",
  [`${TREE}/modules.builtin.modinfo`]: "corex.license=X\0core.license=GPL\0core.parm=p:words\0core.parmtype=p:int\0",
  [`${TREE}/kernel/a-b.ko`]: makeModule({ modinfo }),
  [`${TREE}/kernel/c.ko.gz`]: gzipSync(makeModule({ modinfo: ["license=BSD"] })),
};

async function run(...args: string[]) {
  const env = { ...testEnvironment(files), cwd: "/work" };
  const code = await lcdModinfo(["modinfo", ...args], env);
  return { code, output: env.output(), errors: env.errors() };
}

// What modinfo of kmod 30 prints for a module with these entries.
test("entries come in their order, parameters last, those mentioned last first", async () => {
  expect(await run("a-b")).toEqual({
    code: 0,
    errors: "",
    output:
      `filename:       ${TREE}/kernel/a-b.ko\n` +
      "license:        GPL\n" +
      "averyveryverylongkeyname:         x\n" +
      "depends:        \n" +
      "parm:           c:third\n" +
      "parm:           b:charp\n" +
      "parm:           a:again (int)\n",
  });
});

// As above; blanks are counted in bytes of UTF-8.
test("keys of other letters are as wide as their bytes", async () => {
  const env = testEnvironment({ "/x.ko": makeModule({ modinfo: ["größe=1", "ключ-от-двери=2"] }) });
  await lcdModinfo(["modinfo", "/x.ko"], env);
  expect(env.output()).toBe("filename:       /x.ko\ngröße:        1\nключ-от-двери:         2\n");
});

test("-0 ends with NUL, and only what modinfo adds is aligned", async () => {
  expect((await run("-0", "a_b")).output).toBe(
    `filename:       ${TREE}/kernel/a-b.ko\0license=GPL\0averyveryverylongkeyname=x\0depends=\0` +
      "parm:           c:third\0parm:           b:charp\0parm:           a:again (int)\0",
  );
});

test.each([
  [["-p"], "c:third\nb: (charp)\na:again (int)\n"],
  [["-F", "parmtype"], "a:int\nb:charp\n"],
  [["-l"], "GPL\n"],
  [["-n"], `${TREE}/kernel/a-b.ko\n`],
  [["-l", "-F", "depends"], "\n"],
  [["-F", "nothing"], ""],
])("%j shows one field", async (args, output) => {
  expect(await run(...args, "a-b")).toEqual({ code: 0, output, errors: "" });
});

test("a builtin is explained from modules.builtin.modinfo", async () => {
  expect((await run("core")).output).toBe(
    "name:           core\nfilename:       (builtin)\nlicense:        GPL\nparm:           p:words (int)\n",
  );
});

test("an alias stands for all modules that serve it, a path for the file, compressed or not", async () => {
  expect((await run("-n", "net-pf-10")).output).toBe(`${TREE}/kernel/a-b.ko\n${TREE}/kernel/c.ko.gz\n`);
  expect((await run("-l", `${TREE}/kernel/c.ko.gz`)).output).toBe("BSD\n");
});

test("what is not found does not keep the others from being shown", async () => {
  expect(await run("-l", "nowhere", "c", "./no.ko")).toEqual({
    code: 1,
    output: "BSD\n",
    errors: "modinfo: ERROR: Module nowhere not found.\nmodinfo: ERROR: Module ./no.ko not found.\n",
  });
  expect((await run("-m", "net-pf-10")).errors).toBe("modinfo: ERROR: Module name net-pf-10 not found.\n");
  expect((await run()).errors).toBe("modinfo: ERROR: missing module or filename.\n");
});

/** The same text through `xz --check=crc32` and `zstd`. */
const xzFile = Buffer.from(
  "/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAebGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zCgAAetSefQABMx/u3eVZkEKZDQEAAAAAAVla",
  "base64",
);
const zstdFile = Buffer.from("KLUv/SQf+QAAbGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zClDijNc=", "base64");

// The sentences before the brackets: modinfo of kmod 30, where gzip is unknown.
test.each([
  ["xz", xzFile.slice(0, -20), /^Invalid argument \(the xz data cannot be read: it ends too early/],
  ["zstd", zstdFile.slice(0, -20), /^Exec format error \(the zstd data is damaged \(it ends too early\)\)$/],
  [
    "zstd",
    zstdFile.map((byte, i) => (i < zstdFile.length - 4 ? byte : 0)),
    /^Invalid argument \(the zstd data is damaged \(a block or the checksum is wrong\)\)$/,
  ],
])("damaged %s is told in kmod's words, and what is wrong with it", async (_, bytes, message) => {
  const env = testEnvironment({ "/x.ko": bytes });
  expect(await lcdModinfo(["modinfo", "/x.ko"], env)).toBe(1);
  expect(env.errors().replace("modinfo: ERROR: could not get modinfo from 'x': ", "").trimEnd()).toMatch(message);
});

test("a module that is cut off anywhere is at most one message", async () => {
  const whole = makeModule({ modinfo });
  for (let length = 0; length < whole.length; length++) {
    const env = testEnvironment({ "/x.ko": whole.subarray(0, length) });
    expect(await lcdModinfo(["modinfo", "/x.ko"], env)).toBe(env.errors() === "" ? 0 : 1);
    expect(env.errors()).toMatch(/^$|^modinfo: ERROR: could not get modinfo from 'x': (Invalid argument|Exec format)/);
    expect(env.errors().split("\n").length).toBeLessThanOrEqual(2);
  }
});
