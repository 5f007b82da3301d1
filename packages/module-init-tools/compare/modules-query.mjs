// Compares what the library says about a module tree with kmod: the steps of loading with `modprobe -D`, the smallest set
// with what that loads, the graph with `modules.dep`. Needs Linux, kmod and a built package; changes nothing outside a
// temporary directory, where kmod's depmod writes its indexes. Without indexes of its own the tree is indexed in
// memory, by the library.
//
//   node compare/modules-query.mjs <root> [release]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { explainLoading, moduleGraph, openModuleTree, reachable, smallestSet } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";

const WORDS_IN_RUN = 200;
const LARGEST_OUTPUT = 1 << 28;
const SHOWN = 10;

const [root, release = readdirSync(join(root, "lib/modules"))[0]] = process.argv.slice(2);
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
  const env = { files: nodeFiles, stderr: (text) => process.stderr.write(text) };
  const { tree, config } = await openModuleTree(env, join(root, "lib/modules", release), { config: ["/dev/null"] });
  const lines = readIndex("modules.dep").map((line) => line.replace(":", "").split(" "));
  const names = lines.map(([path]) => nameOf(path));
  const aliases = readIndex("modules.alias").flatMap((line) => line.match(/(?<=^alias )[^\s-]\S*/) ?? []);
  const words = [...new Set([...names, ...aliases])];
  for (let i = 0; i < words.length; i += WORDS_IN_RUN)
    await compareWords(tree, config, words.slice(i, i + WORDS_IN_RUN));
  const graph = await moduleGraph(tree);
  for (const [module, ...needs] of lines) {
    const reached = [...reachable(graph, [nameOf(module)], "needs").needs.keys()].slice(1);
    compare("what a module needs", module, needs.map(nameOf).sort(), reached.sort());
  }
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
async function compareWords(tree, config, words) {
  const args = ["-C", "/dev/null", "-d", scratch, "-S", release, "-a", "-D", ...words];
  const { stdout } = spawnSync("modprobe", args, { encoding: "utf8", maxBuffer: LARGEST_OUTPUT });
  const steps = stdout.replaceAll(scratch, root).match(/(?<=^(?:insmod|builtin) )\S+/gm) ?? [];
  const theirs = [...new Set(steps)];
  const loadings = (await Promise.all(words.map((word) => explainLoading(tree, config, word)))).flat();
  const ours = loadings.flatMap((loading) => loading.steps).map(({ name, action }) => action.path ?? name);
  const what = `${words[0]} ...`;
  compare(`the steps of modprobe -D, up to ${WORDS_IN_RUN} names and aliases in each`, what, theirs, [
    ...new Set(ours),
  ]);
  const { modules } = await smallestSet(tree, config, words);
  const files = theirs.filter((step) => step.includes("/"));
  compare(
    "the set of modules for as many",
    what,
    files,
    modules.map(({ path }) => path),
  );
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
