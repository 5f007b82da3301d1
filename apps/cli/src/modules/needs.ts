import { Option } from "commander";
import { graphToDot, type ModuleGraph, type ModuleTree, moduleGraph, reachable, resolveName } from "module-init-tools";
import { defineCommand, runCommand } from "../command/define";
import { parseCount } from "../command/quantity";
import { ExitCode } from "../exit-code";
import { jsonText } from "../json-text";
import type { Terminal } from "../terminal";
import { answering } from "./answering";
import { drawnTrees, rootsOf } from "./drawn-trees";
import { addTreeOptions, openTree, type TreeOptions } from "./tree-options";
import { unknownName } from "./unknown-name";

const EXAMPLES = `
Examples:
  lcd modules needs asker                      what asker needs
  lcd modules needs -d / --reverse crc16       who needs crc16 on this machine
  lcd modules needs -d / --dot ext4 xfs | dot -Tsvg > needs.svg
                                               a drawing, by Graphviz
  lcd modules needs -d image --json            the whole tree, for a program to read

An arrow that others imply is left out: nfs needs lockd and sunrpc, but lockd needs sunrpc, so nfs leads to lockd only.
What modules would only like to have (softdep) is not shown: lcd modules for and set know it.
Without names all modules are shown, beginning at those that nobody needs.`;

interface NeedsOptions extends TreeOptions {
  readonly reverse: boolean;
  /** How many arrows away at most. */
  readonly depth?: number;
  readonly dot: boolean;
  readonly json: boolean;
}

/** `lcd modules needs`. */
export async function needs(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = addTreeOptions(defineCommand("modules needs", terminal))
    .description("Shows who needs whom.")
    .argument("[name...]", "modules, or aliases of modules; without, the whole tree")
    .option("-r, --reverse", "show who needs them instead of whom they need", false)
    .option("--depth <number>", "go only so far", parseCount)
    .addOption(new Option("--dot", "print a graph for Graphviz").default(false).conflicts("json"))
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, (names: readonly string[], options: NeedsOptions) =>
    answering(options.json, terminal, () => show(names, options, terminal)),
  );
}

async function show(names: readonly string[], options: NeedsOptions, terminal: Terminal): Promise<number> {
  const { tree, config } = await openTree(options, terminal);
  const whole = await moduleGraph(tree);
  const direction = options.reverse ? "neededBy" : "needs";
  const roots = new Set(names.length === 0 ? rootsOf(whole, direction) : []);
  let exitCode: number = ExitCode.ok;
  for (const asked of names) {
    const found = await resolveName(tree, config, asked);
    for (const { name, source } of found) {
      roots.add(name);
      if (source.startsWith("builtin"))
        terminal.stderr(
          `lcd: ${name} is in the kernel itself: it needs no module, and who needs it is not written down\n`,
        );
    }
    if (found.length > 0) continue;
    terminal.stderr(`lcd: ${await unknownName(asked, tree)}\n`);
    exitCode = ExitCode.failed;
  }
  const graph = reachable(whole, [...roots], direction, options.depth);
  if (options.json) terminal.stdout(jsonText(await graphJson(graph, tree)));
  else terminal.stdout(options.dot ? graphToDot(graph) : drawnTrees([...roots], graph[direction]));
  return exitCode;
}

async function graphJson(graph: ModuleGraph, tree: ModuleTree): Promise<object> {
  const modules = await tree.modules();
  const builtin = await tree.builtin();
  return {
    tree: tree.directory,
    modules: [...graph.needs].map(([name, needs]) => ({
      name,
      path: modules.get(name)?.path ?? null,
      builtin: builtin.has(name),
      needs,
      neededBy: graph.neededBy.get(name) ?? [],
    })),
  };
}
