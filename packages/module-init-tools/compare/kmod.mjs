// Compares lcd-depmod, lcd-modprobe and lcd-modinfo with kmod's tools, byte for byte, on real module trees and on small
// difficult ones. Needs Linux, kmod and a built package; changes nothing outside a temporary directory.
//
//   pnpm --filter module-init-tools test:kmod [root ...]
//
// A root has `lib/modules` in it (an unpacked linux-image package); without one only the difficult trees are compared.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { lcdDepmod, lcdModinfo, lcdModprobe } from "module-init-tools";
import { readArguments } from "./arguments.mjs";
import { Comparison, outcome, runTool } from "./comparison.mjs";
import { DEPMOD_CONFIGS, difficultTrees, duplicateModules } from "./difficult-trees.mjs";

const INDEXES = [
  "modules.dep",
  "modules.alias",
  "modules.softdep",
  "modules.symbols",
  "modules.devname",
  "modules.dep.bin",
  "modules.alias.bin",
  "modules.symbols.bin",
  "modules.builtin.bin",
  "modules.builtin.alias.bin",
];
const TOOLS = { depmod: lcdDepmod, modinfo: lcdModinfo, modprobe: lcdModprobe };
const LARGEST_OUTPUT = 1 << 28;
const WORDS_IN_RUN = 200;

const { roots } = readArguments("compare/kmod.mjs [root ...]", {}, [0, Number.POSITIVE_INFINITY]);
const scratch = mkdtempSync(join(tmpdir(), "lcd-kmod-"));
const comparison = new Comparison();
try {
  for (const root of roots) {
    for (const release of readdirSync(join(root, "lib/modules"))) {
      await compareTree(release, linkedCopy(root, release), release);
    }
  }
  for (const [name, tree] of difficultTrees()) await compareTree(name, writtenTree(tree), "1.2.3");
  for (const [i, config] of DEPMOD_CONFIGS.entries()) await compareDepmodConfig(config, join(scratch, `config-${i}`));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
comparison.finish();

/** @param make puts the tree's files below a root */
async function compareTree(name, make, release) {
  const theirs = make(join(scratch, `${name}-kmod`));
  const ours = make(join(scratch, `${name}-lcd`));
  comparison.compare(
    "depmod: messages and exit code",
    `${name}: depmod's messages and exit code`,
    kmod("depmod", ["-b", theirs, release], theirs),
    await lcd("depmod", ["-b", ours, release], ours),
  );
  for (const index of INDEXES) {
    const files = [theirs, ours].map((root) => readIndex(root, release, index));
    comparison.compare("depmod: index files", `${name}: ${index}`, ...files);
  }
  for (const word of [...moduleNames(theirs, release), "no-such-module", "symbol:crc16"]) {
    const args = ["-d", theirs, "-S", release, "-D", word];
    await compareTools("modprobe -D", `${name}: modprobe -D ${word}`, "modprobe", args, theirs);
  }
  await compareNamesAndAliases(name, theirs, release);
  await compareModinfo(name, theirs, release);
}

/** depmod with a configuration, where several modules have one name. */
async function compareDepmodConfig(config, root) {
  const { tree, outside } = duplicateModules();
  writtenTree(tree)(root);
  const file = join(root, "depmod.conf");
  for (const [path, content] of Object.entries(outside)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  writeFileSync(file, config.replaceAll("OUTSIDE", join(root, "outside")));
  const args = ["-n", "-C", file, "-b", root, "1.2.3"];
  await compareTools("depmod.d", `depmod with ${JSON.stringify(config)}`, "depmod", args, root);
}

/** `modprobe -R` and `-D` for every name and alias, many in each run, and `-c`. */
async function compareNamesAndAliases(name, root, release) {
  const aliases = readIndex(root, release, "modules.alias")
    .split("\n")
    .filter((line) => line.startsWith("alias "))
    .map((line) => line.split(" ")[1])
    .filter((alias) => !alias.startsWith("-"));
  const words = [...new Set([...moduleNames(root, release), ...aliases])];
  const where = ["-C", "/dev/null", "-d", root, "-S", release];
  const runs = [[...where, "-c"]];
  for (let i = 0; i < words.length; i += WORDS_IN_RUN) {
    for (const option of ["-R", "-D"]) runs.push([...where, "-a", option, ...words.slice(i, i + WORDS_IN_RUN)]);
  }
  for (const args of runs) {
    const kind = `modprobe -R, -D and -c, up to ${WORDS_IN_RUN} names and aliases in each`;
    await compareTools(kind, `${name}: modprobe ${args.slice(6, 10).join(" ")}`, "modprobe", args, root);
  }
}

/** modinfo for every file, for every name and builtin, and with each of its options. */
async function compareModinfo(name, root, release) {
  const tree = join(root, "lib/modules", release);
  const files = readdirSync(tree, { recursive: true }).filter((path) => /\.ko(\.\w+)?$/.test(path));
  const paths = files.map((path) => join(tree, path));
  const where = ["-b", root, "-k", release];
  const words = [
    ...paths.map((path) => [path]),
    ...moduleNames(root, release).map((word) => [...where, word]),
    ...["-0", "-p", "-a", "-d", "-l", "-n", "-m"].map((option) => [...where, option, ...moduleNames(root, release)]),
    ...["alias", "sig_key", "nothing"].map((field) => ["-F", field, ...paths]),
    [...where, "no-such-module", "pci:v00001039d00001180sv*sd*bc*sc*i*", "net-pf-1", "symbol:crc16"],
  ];
  for (const args of words) {
    await compareTools("modinfo", `${name}: modinfo ${args.slice(0, 6).join(" ")}`, "modinfo", args, root);
  }
}

async function compareTools(kind, what, program, args, root) {
  comparison.compare(kind, what, kmod(program, args, root), await lcd(program, args, root));
}

function kmod(program, args, root) {
  return outcome(program, spawnSync(program, args, { encoding: "latin1", maxBuffer: LARGEST_OUTPUT }), root);
}

async function lcd(program, args, root) {
  return outcome(program, await runTool(TOOLS[program], [program, ...args]), root);
}

function readIndex(root, release, name) {
  try {
    return readFileSync(join(root, "lib/modules", release, name), "latin1");
  } catch {
    return "(no such file)";
  }
}

/** Names of modules and builtins, some of them with dashes for underscores. */
function moduleNames(root, release) {
  const paths = `${readIndex(root, release, "modules.dep")}\n${readIndex(root, release, "modules.builtin")}`
    .split("\n")
    .map((line) => line.split(":")[0])
    .filter((path) => /\.ko/.test(path));
  return paths.map((path, i) =>
    basename(path)
      .replace(/\.ko.*/, "")
      .replace(/_/g, i % 3 === 0 ? "-" : "_"),
  );
}

/** The tree with links in place of modules, so that each tool can write its own indexes. */
function linkedCopy(root, release) {
  return (target) => {
    const from = join(root, "lib/modules", release);
    const to = join(target, "lib/modules", release);
    for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const link = join(to, path.slice(from.length));
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(path, link);
    }
    return target;
  };
}

function writtenTree(files) {
  return (target) => {
    for (const [path, content] of Object.entries(files)) {
      if (content === undefined) continue;
      const file = join(target, "lib/modules/1.2.3", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    return target;
  };
}
