import { makeModule } from "../../src/testing";
import type { Costs } from "../costs";
import { TREE } from "../tools";
import { lines } from "./lines";

const MODPROBE = "/etc/modprobe.d/a.conf";
const DEPMOD = "/etc/depmod.d/a.conf";

/** Configuration, and what names are looked for in. */
export const configurationCosts: Costs = {
  openBrackets: (size) => ({
    files: { [MODPROBE]: `alias -${"[".repeat(size)} x\n`, [`${TREE}/modules.dep`]: "a.ko:\n" },
    commands: ["modprobe -D a"],
  }),
  openBracketsOfModule: (size) => ({
    files: { [`${TREE}/a.ko`]: makeModule({ modinfo: [`alias=-${"[".repeat(size)}`] }) },
    commands: ["depmod", "modprobe -R a"],
  }),
  oneLine: (size) => ({
    files: {
      [MODPROBE]: `options a ${"\\\n".repeat(size)}${"x".repeat(40 * size)}`,
      [`${TREE}/modules.dep`]: "a.ko:\n",
    },
    commands: ["modprobe -D a"],
  }),
  words: (size) => ({
    files: {
      [MODPROBE]: `softdep a pre: ${"b ".repeat(size / 4)}\n`,
      [DEPMOD]: `search ${"b ".repeat(size / 4)}\nexclude ${"b ".repeat(size / 4)}\n`,
      [`${TREE}/modules.dep`]: "a.ko:\n",
    },
    commands: ["modprobe -D a", "depmod"],
  }),
  kernelCommandLine: (size) => ({
    files: {
      "/proc/cmdline": `${"a.b ".repeat(size / 4)}modprobe.blacklist=${"c,".repeat(size)} ${'"'.repeat(20 * size)}`,
      [`${TREE}/modules.dep`]: "a.ko:\n",
    },
    commands: ["modprobe -D x"],
  }),
  chain: (size) => {
    const count = Math.floor(size / 60);
    return {
      files: {
        [MODPROBE]: lines(
          count,
          (i) => `softdep m${i} pre: m${i + 1}\noptions m${i} x\ninstall x${i} x\nalias x${i} y\n`,
        ),
        [`${TREE}/modules.dep`]: lines(count, (i) => `m${i}.ko:\n`),
      },
      commands: ["modprobe -D m0"],
    };
  },
  namesWithAliases: (size) => {
    const count = Math.floor(size / 40);
    return {
      files: {
        [MODPROBE]: `softdep a pre:${lines(count, (i) => ` m${i}`)}\n`,
        [`${TREE}/modules.dep`]: "a.ko:\n",
        [`${TREE}/modules.alias`]: lines(count, (i) => `alias x${i}* y\n`),
        [`${TREE}/modules.builtin.modinfo`]: lines(count, (i) => `y.alias=y${i}*\0`),
      },
      commands: ["modprobe -D a"],
    };
  },
  choices: (size) => {
    const files = ["a", "b"].flatMap((directory) =>
      Array.from({ length: 500 }, (_, i): [string, string] => [`${TREE}/${directory}/m${i}.ko`, ""]),
    );
    const search = `search ${"external ".repeat(size / 20)}${"none ".repeat(size / 20)}\n`;
    const overrides = lines(size / 40, (i) => `override x${i} * none\n`);
    return {
      files: { ...Object.fromEntries(files), [DEPMOD]: `${search}${overrides}external * /x\n` },
      commands: ["depmod"],
    };
  },
};
