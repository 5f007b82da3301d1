// Compares what the library says about a module tree with kmod: the steps of loading with `modprobe -D`, the smallest set
// with what that loads, the graph with modules.dep. Needs Linux, kmod, a built package and a tree that depmod has
// indexed; changes nothing.
//
//   node compare/modules-query.mjs <root> [release]
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { explainLoading, moduleGraph, openModuleTree, reachable, smallestSet } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";

const WORDS_IN_RUN = 200;
const LARGEST_OUTPUT = 1 << 28;
const SHOWN = 10;

const [root, release = readdirSync(join(root, "lib/modules"))[0]] = process.argv.slice(2);
const directory = join(root, "lib/modules", release);
const env = { files: nodeFiles, stderr: (text) => process.stderr.write(text) };
const { tree, config } = await openModuleTree(env, directory, { config: ["/dev/null"] });
const modules = await tree.modules();

let different = 0;
function compare(what, theirs, ours) {
  if (theirs.join() === ours.join()) return;
  if (++different <= SHOWN) console.log(`${what}:\n  kmod: ${theirs.join(" ")}\n  lcd:  ${ours.join(" ")}`);
}

const aliases = readFileSync(join(directory, "modules.alias"), "utf8").match(/^alias \S+/gm) ?? [];
const words = [...new Set([...modules.keys(), ...aliases.map((line) => line.slice("alias ".length))])];
for (let i = 0; i < words.length; i += WORDS_IN_RUN) {
  const some = words.slice(i, i + WORDS_IN_RUN).filter((word) => !word.startsWith("-"));
  const args = ["-C", "/dev/null", "-d", root, "-S", release, "-a", "-D", ...some];
  const { stdout } = spawnSync("modprobe", args, { encoding: "utf8", maxBuffer: LARGEST_OUTPUT });
  const theirs = new Set((stdout.match(/^(?:insmod|builtin) \S+/gm) ?? []).map((line) => line.split(" ")[1]));
  const loadings = (await Promise.all(some.map((word) => explainLoading(tree, config, word)))).flat();
  const ours = new Set(loadings.flatMap(({ steps }) => steps).map(({ name, action }) => action.path ?? name));
  compare(`modprobe -D ${some[0]} ...`, [...theirs], [...ours]);
  const set = await smallestSet(tree, config, some);
  const files = [...theirs].filter((line) => line.includes("/"));
  compare(
    `the set for ${some[0]} ...`,
    files,
    set.modules.map(({ path }) => path),
  );
}

const graph = await moduleGraph(tree);
for (const { name, dependencies } of modules.values()) {
  const reached = [...reachable(graph, [name], "needs").needs.keys()].slice(1);
  compare(`what ${name} needs`, [...dependencies].sort(), reached.sort());
}
console.log(`${words.length} names and aliases, ${modules.size} modules in the graph: ${different} differences`);
process.exitCode = different === 0 ? 0 : 1;
