import { expect, test } from "vitest";
import { makeModule, testEnvironment } from "../testing";
import { lcdModinfo } from "./modinfo";

const TREE = "/lib/modules/6.1.0";
const module = makeModule({ exports: ["draw"], modinfo: ["license=file"] });

const FILES = {
  [`${TREE}/both.ko`]: module,
  [`${TREE}/modules.dep`]: "both.ko:\n",
  [`${TREE}/modules.symbols`]: "alias symbol:stale gone\n",
  [`${TREE}/modules.builtin`]: "kernel/both.ko\nkernel/silent.ko\n",
  [`${TREE}/modules.builtin.modinfo`]:
    "both.license=builtin\0core.alias=fs-*\0core.license=GPL\0core.name=heart\0more.alias=fs-x\0",
};

async function modinfo(args: string, without: string[] = []) {
  const files = Object.entries(FILES).filter(([path]) => !without.includes(path));
  const env = testEnvironment(Object.fromEntries(files));
  const code = await lcdModinfo(["modinfo", ...args.split(" ")], env);
  return { code, output: env.output(), errors: env.errors() };
}

// What modinfo of kmod 30 says of the same files.
test.each([
  ["-F license both", "builtin\n"],
  [`-F license ${TREE}/both.ko`, "file\n"],
  ["-m -F license fs-y", "GPL\n"],
  ["-m -F license both.9.9", "builtin\n"],
  ["-F name fs-y", "core\nheart\n"],
  ["-m -F filename fs-x", "(builtin)\n"],
  ["symbol:stale", "name:           gone\nfilename:       (builtin)\n"],
])("%s prints %j", async (args, output) => {
  expect(await modinfo(args)).toEqual({ code: 0, output, errors: "" });
});

test.each([
  [`-m ${TREE}/both.ko`, `Module name ${TREE}/both.ko not found.`],
  ["x[", "Module alias x[ not found."],
  ["nowhere", "Module nowhere not found."],
  ["-F license silent", "could not get modinfo from 'silent': Function not implemented"],
])("%s fails: %s", async (args, message) => {
  expect(await modinfo(args)).toEqual({ code: 1, output: "", errors: `modinfo: ERROR: ${message}\n` });
});

test("-F name shows a name, and tells that nothing else is known", async () => {
  expect(await modinfo("-F name silent")).toEqual({
    code: 1,
    output: "silent\n",
    errors: "modinfo: ERROR: could not get modinfo from 'silent': Function not implemented\n",
  });
});

test("without modules.builtin.modinfo nothing is known of a module in the kernel, unless there should be", async () => {
  const without = [`${TREE}/modules.builtin.modinfo`];
  expect(await modinfo("-F license silent", without)).toEqual({ code: 0, output: "", errors: "" });
  expect((await modinfo("-F license both", without)).errors).toBe(
    "modinfo: ERROR: could not get modinfo from 'both': No such file or directory\n",
  );
});

test("what is wrong with modules.softdep is said here, too", async () => {
  const env = testEnvironment({ ...FILES, [`${TREE}/modules.softdep`]: "softdep\n" });
  expect(await lcdModinfo(["modinfo", "-n", "both"], env)).toBe(0);
  expect(env.errors()).toBe(
    `modinfo: ERROR: ${TREE}/modules.softdep line 1: ignoring bad line starting with 'softdep'\n`,
  );
});
