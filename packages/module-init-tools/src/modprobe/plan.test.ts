import { expect, test } from "vitest";
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

test("soft dependencies in a circle end, as with kmod", async () => {
  const env = testEnvironment({
    [`${TREE}/modules.dep`]: "a.ko:\nb.ko:\n",
    [`${TREE}/modules.softdep`]: "softdep a pre: b\nsoftdep b pre: a\n",
  });
  expect(await lcdModprobe(["modprobe", "-D", "a"], env)).toBe(0);
  expect(env.output()).toBe(`insmod ${TREE}/b.ko \ninsmod ${TREE}/a.ko \n`);
});
