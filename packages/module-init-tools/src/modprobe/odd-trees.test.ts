import { expect, test } from "vitest";
import { testEnvironment } from "../testing";
import { lcdModprobe } from "./modprobe";

const TREE = "/lib/modules/6.1.0";

/** b needs a, c needs both; "fs-x" leads to b, "fs-core" to core, which is in the kernel although modules.builtin does not say so. */
const FILES = {
  [`${TREE}/modules.dep`]: "b.ko: a.ko\na.ko:\nboth.ko:\nc.ko: both.ko\n",
  [`${TREE}/modules.alias`]: "alias fs-x b\n",
  [`${TREE}/modules.builtin`]: "kernel/both.ko\nkernel/plain.ko\n",
  [`${TREE}/modules.builtin.modinfo`]: "core.alias=fs-core\0",
};

async function modprobe(args: string, config = "") {
  const env = testEnvironment({ ...FILES, "/etc/modprobe.d/x.conf": config });
  const code = await lcdModprobe(["modprobe", ...args.split(" ")], env);
  return { code, output: env.output().replaceAll(`${TREE}/`, ""), errors: env.errors() };
}

// All of this is what modprobe of kmod 30 says and does with the same files.
test.each([
  ["-D plain", "", "builtin plain\n"],
  ["-D fs-core", "", "builtin core\n"],
  ["-n -v plain", "", ""],
  ["-D both", "", "insmod both.ko \n"],
  ["-n -v both", "", ""],
  ["-n -v c", "", "insmod both.ko \ninsmod c.ko \n"],
  ["-n -v a", "softdep a pre: both", "insmod a.ko \n"],
  ["-n -v a", "softdep a pre: both c", "insmod both.ko \ninsmod both.ko \ninsmod c.ko \ninsmod a.ko \n"],
  ["-D b", "softdep b pre: nowhere\ninstall b do it", "insmod a.ko \ninstall do it \n"],
  ["-D b", "softdep b pre: plain\ninstall b do it", "insmod a.ko \nbuiltin plain\ninsmod b.ko \n"],
  ["-D b x=1", "softdep b pre: fs-x", "insmod a.ko \ninsmod a.ko \ninsmod b.ko \ninsmod b.ko x=1\n"],
  ["-D a", "options a  x=1\ty=2", "insmod a.ko  x=1 y=2 \n"],
  ["-D a", "install a  do\tit ", "install  do\tit  \n"],
  ["-D gone", "remove gone do it", ""],
  ["-D x", "alias [x-z] a\noptions x p=1", "insmod a.ko \n"],
  ["-D x", "alias [x-z] a\noptions [x-z] p=1", "insmod a.ko p=1 \n"],
  ["-D x", "alias x a\noptions x p=1", "insmod a.ko p=1 \n"],
  ["-D own", "install * any\ninstall own one", "install one \n"],
  ["-D a", "install * any\ninstall a one", "install any \n"],
  ["-R gone", "remove gone do it", "gone\n"],
])("%s with %j prints %j", async (args, config, output) => {
  expect(await modprobe(args, config)).toEqual({ code: 0, output, errors: "" });
});

test.each([
  ["-r both nowhere", "modprobe: FATAL: Module both is builtin.\n"],
  ["-r fs-core", "modprobe: FATAL: Module core is builtin.\n"],
  ["-r nowhere both", "modprobe: FATAL: Module nowhere not found.\n"],
  ["-r -a nowhere both", "modprobe: WARNING: Module nowhere not found.\nmodprobe: WARNING: Module both is builtin.\n"],
  ["-r x[", ""],
  ["-n x[", `modprobe: FATAL: Module x[ not found in directory ${TREE}\n`],
  ["-q", "modprobe: ERROR: missing parameters. See -h.\n"],
  ["-n --first-time fs-core", "modprobe: ERROR: could not insert 'core': Module already in kernel\n"],
])("%s fails with %j", async (args, errors) => {
  expect(await modprobe(args)).toEqual({ code: 1, output: "", errors });
});

test.each([
  ["alias [x a"],
  ["alias a x]"],
  ["options [x y"],
  ["blacklist x["],
  ["install x] y"],
  ["remove x] y"],
  ["softdep x[ pre: a"],
  [" # only a first character begins a comment"],
  ["install a "],
  ["softdep a "],
])("%j is a bad line, whatever -q and -s say", async (line) => {
  const [keyword] = line.trim().split(" ");
  const errors = `modprobe: ERROR: /etc/modprobe.d/x.conf line 2: ignoring bad line starting with '${keyword}'\n`;
  for (const option of ["-q", "-s", "-n"]) {
    expect(await modprobe(`${option} -R a`, `\n${line}\n`)).toEqual({ code: 0, output: "a\n", errors });
  }
});

test.each([
  ["softdep a post: b", "softdep a post: b"],
  ["softdep a  post: b", "softdep a "],
  ["softdep a  pre: b post: c", "softdep a post: c"],
  ["softdep a   pre: b", "softdep a pre: b"],
  ["softdep a x\tpre:  b\r c", "softdep a pre: b c"],
  ["softdep a-b pre: c-d", "softdep a_b pre: c-d"],
  ["softdep a  ", "softdep a "],
])("of %j modprobe -c shows %j", async (line, shown) => {
  expect((await modprobe("-c", line)).output).toMatch(new RegExp(`^${shown}\n`));
});
