import { encodeText } from "elf-image";
import { expect, test } from "vitest";
import { INDEX_HEADER_SIZE, INDEX_MAGIC, INDEX_VERSION, NodeFlag } from "../index-format/format";
import { testEnvironment } from "../testing";
import { lcdModprobe } from "./modprobe";

const TREE = "/lib/modules/6.1.0";

test("a modules.dep that names one module again and again keeps nobody waiting", async () => {
  // Each name with each other would be billions of steps.
  const again = (name: string) => `${name}.ko `.repeat(50_000);
  const env = testEnvironment({ [`${TREE}/modules.dep`]: `a.ko: ${again("b")}\nb.ko: ${again("c")}\nc.ko:\n` });
  expect(await lcdModprobe(["modprobe", "-D", "a"], env)).toBe(0);
  expect(env.output().endsWith(`insmod ${TREE}/b.ko \ninsmod ${TREE}/a.ko \n`)).toBe(true);
});

test("one line of a damaged index may be that of every module that it names", async () => {
  // Each name's dependencies, looked through for each other name, would be 1.6 billion words.
  const names = Array.from({ length: 40_000 }, (_, i) => i.toString(26).padStart(4, "0"));
  const env = testEnvironment({ [`${TREE}/modules.dep.bin`]: oneValueForAll(`x.ko: ${names.join(" ")}`) });
  expect(await lcdModprobe(["modprobe", "-D", "0000"], env)).toBe(0);
  expect(env.output().split("\n")).toHaveLength(names.length + 2);
});

/** An index in which every four digits and letters lead to one value. */
function oneValueForAll(value: string): Uint8Array {
  const number = (n: number) => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
  const bytes = [...number(1), ...number(0), ...encodeText(value), 0];
  let last = NodeFlag.values + INDEX_HEADER_SIZE;
  for (let i = 0; i < 4; i++) {
    const at = INDEX_HEADER_SIZE + bytes.length;
    bytes.push(0x30, 0x7a, ...Array.from({ length: 0x7a - 0x30 + 1 }, () => number(last)).flat());
    last = NodeFlag.children + at;
  }
  return Uint8Array.from([...number(INDEX_MAGIC), ...number(INDEX_VERSION), ...number(last), ...bytes]);
}

test("soft dependencies in a circle end, as with kmod", async () => {
  const env = testEnvironment({
    [`${TREE}/modules.dep`]: "a.ko:\nb.ko:\n",
    [`${TREE}/modules.softdep`]: "softdep a pre: b\nsoftdep b pre: a\n",
  });
  expect(await lcdModprobe(["modprobe", "-D", "a"], env)).toBe(0);
  expect(env.output()).toBe(`insmod ${TREE}/b.ko \ninsmod ${TREE}/a.ko \n`);
});

test("a chain of soft dependencies through a big configuration is planned link by link", async () => {
  // 20,000 lines, looked through for each of 20,000 modules, would be 400 million comparisons.
  const count = 20_000;
  const lines = (line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("");
  const env = testEnvironment({
    [`${TREE}/modules.dep`]: lines((i) => `m${i}.ko:\n`),
    "/etc/modprobe.d/a.conf": lines((i) => `softdep m${i} pre: m${i + 1}\noptions m${i} n=${i}\n`),
  });
  expect(await lcdModprobe(["modprobe", "-D", "m0"], env)).toBe(0);
  const expected = lines((i) => `insmod ${TREE}/m${count - 1 - i}.ko n=${count - 1 - i} \n`);
  expect(env.output()).toBe(expected);
});

test("an alias of thousands of modules, each of which wants all that come behind it, is refused", async () => {
  // All plans together would have 8 million steps.
  const count = 4_000;
  const lines = (line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join("");
  const env = testEnvironment({
    [`${TREE}/modules.dep`]: lines((i) => `m${i}.ko:\n`),
    [`${TREE}/modules.alias`]: lines((i) => `alias x m${i}\n`),
    [`${TREE}/modules.softdep`]: lines((i) => `softdep m${i} pre: m${i + 1}\n`),
  });
  expect(await lcdModprobe(["modprobe", "-D", "x"], env)).toBe(1);
  expect(env.errors()).toContain(`modprobe: ERROR: loading m${count - 1} means more than 100000 steps\n`);
});
