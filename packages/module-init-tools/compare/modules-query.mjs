// Compares what the library says about a module tree with kmod: the steps of loading with `modprobe -D`, the smallest set
// with what that loads, the graph with `modules.dep`. Needs Linux, kmod and a built package; changes nothing outside a
// temporary directory, where kmod's depmod writes its indexes. For all names and aliases these are asked; then for the
// names the tree itself, which the library indexes in memory when it has no indexes.
//
//   node compare/modules-query.mjs <root>
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { explainLoading, moduleGraph, openModuleTree, reachable, smallestSet } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { readArguments } from "./arguments.mjs";

const WORDS_IN_RUN = 200;
const LARGEST_OUTPUT = 1 << 28;
const SHOWN = 10;

const { roots } = readArguments("compare/modules-query.mjs <root>", {}, [1, 1]);
const [root] = roots;
const [release] = readdirSync(join(root, "lib/modules"));
const scratch = mkdtempSync(join(tmpdir(), "lcd-query-"));
/** Comparisons and differences, by what was compared. */
const totals = new Map();
try {
  await compareTree();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
for (const [kind, { compared, different }] of totals) {
  console.log(`${kind}: ${compared} comparisons, ${different} differences`);
}
process.exitCode = [...totals.values()].every(({ different }) => different === 0) ? 0 : 1;

async function compareTree() {
  indexByKmod();
  const lines = readIndex("modules.dep").map((line) => line.replace(":", "").split(" "));
  const names = lines.map(([path]) => nameOf(path));
  const aliases = readIndex("modules.alias").flatMap((line) => line.match(/(?<=^alias )[^\s-]\S*/) ?? []);
  await compareWords(await open(scratch), scratch, [...new Set([...names, ...aliases])]);
  const ours = await open(root);
  await compareWords(ours, root, names);
  const graph = await moduleGraph(ours.tree);
  for (const [module, ...needs] of lines) {
    const reached = [...reachable(graph, [nameOf(module)], "needs").needs.keys()].slice(1);
    compare("what a module needs", module, needs.map(nameOf).sort(), reached.sort());
  }
}

function open(place) {
  const env = { files: nodeFiles, stderr: (text) => process.stderr.write(text) };
  return openModuleTree(env, join(place, "lib/modules", release), { config: ["/dev/null"] });
}

/** Makes a tree of links to what the kernel's build has left, with kmod's indexes. */
function indexByKmod() {
  const [from, to] = [root, scratch].map((directory) => resolve(directory, "lib/modules", release));
  mkdirSync(to, { recursive: true });
  const built = /^modules\.(order|builtin|builtin\.modinfo)$/;
  for (const { name } of readdirSync(from, { withFileTypes: true }).filter(
    (e) => e.isDirectory() || built.test(e.name),
  ))
    symlinkSync(join(from, name), join(to, name));
  spawnSync("depmod", ["-b", scratch, release], { stdio: "inherit" });
}

/** What modprobe would load for many words, each step once. */
async function compareWords({ tree, config }, place, words) {
  for (let i = 0; i < words.length; i += WORDS_IN_RUN) {
    const some = words.slice(i, i + WORDS_IN_RUN);
    const args = ["-C", "/dev/null", "-d", scratch, "-S", release, "-a", "-D", ...some];
    const { stdout } = spawnSync("modprobe", args, { encoding: "utf8", maxBuffer: LARGEST_OUTPUT });
    const theirs = [...new Set(stdout.replaceAll(scratch, place).match(/(?<=^(?:insmod|builtin) )\S+/gm))];
    const loadings = (await Promise.all(some.map((word) => explainLoading(tree, config, word)))).flat();
    const steps = loadings.flatMap((loading) => loading.steps);
    const ours = [...new Set(steps.map(({ name, action }) => action.path ?? name))];
    compare(`the steps of modprobe -D, up to ${WORDS_IN_RUN} names and aliases in each`, some[0], theirs, ours);
    const files = theirs.filter((step) => step.includes("/"));
    const { modules } = await smallestSet(tree, config, some);
    const paths = modules.map(({ path }) => path);
    compare("the smallest set, for as many", some[0], files, paths);
  }
}

function compare(kind, what, theirs, ours) {
  const total = totals.get(kind) ?? { compared: 0, different: 0 };
  totals.set(kind, total);
  total.compared++;
  if (theirs.join() === ours.join()) return;
  if (++total.different > SHOWN) return;
  console.log(`${kind}: ${what}:\n  kmod: ${theirs.join(" ")}\n  lcd:  ${ours.join(" ")}`);
}

function readIndex(name) {
  return readFileSync(join(scratch, "lib/modules", release, name), "utf8")
    .trimEnd()
    .split("\n");
}

function nameOf(path) {
  return path.replace(/^.*\/|\.ko.*$/g, "").replaceAll("-", "_");
}
