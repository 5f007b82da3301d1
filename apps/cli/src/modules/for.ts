import { type Cause, explainLoading, type Loading, type Resolved, type Step } from "module-init-tools";
import { defineCommand, runCommand } from "../command/define";
import { ExitCode } from "../exit-code";
import { jsonText } from "../json-text";
import type { Terminal } from "../terminal";
import { answering } from "./answering";
import { addTreeOptions, openTree, type TreeOptions } from "./tree-options";
import { unknownName } from "./unknown-name";

const EXAMPLES = `
Examples:
  lcd modules for asker                        answer, then asker
  lcd modules for -d / $(cat /sys/bus/pci/devices/0000:00:1f.6/modalias)
                                               what this machine loads for its network card
  lcd modules for -d image -S 6.1.0-56-amd64 --json ext4 fs-xfs symbol:crc16
                                               names and aliases, for a program to read

Modules are shown in the order in which modprobe loads them, once each. Exit code 1: nobody knows one of the names.`;

interface ForOptions extends TreeOptions {
  readonly useBlacklist: boolean;
  readonly json: boolean;
}

/** `lcd modules for`. */
export async function forNames(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = addTreeOptions(defineCommand("modules for", terminal))
    .description("Shows which modules would be loaded for a name, an alias or a modalias, in order, and why.")
    .argument("<name...>", "names of modules, aliases (fs-ext4), modalias strings (pci:v00008086d...)")
    .option("-b, --use-blacklist", "leave out what is blacklisted and was asked for by an alias, as udev does", false)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, (names: readonly string[], options: ForOptions) =>
    answering(options.json, terminal, () => show(names, options, terminal)),
  );
}

async function show(names: readonly string[], options: ForOptions, terminal: Terminal): Promise<number> {
  const { tree, config } = await openTree(options, terminal);
  const answers: { asked: string; loadings: Loading[] }[] = [];
  let exitCode: number = ExitCode.ok;
  for (const asked of names) {
    const loadings = await explainLoading(tree, config, asked);
    const wanted = loadings.filter(({ blacklisted }) => !(options.useBlacklist && blacklisted));
    answers.push({ asked, loadings: wanted });
    if (loadings.length > 0) continue;
    terminal.stderr(`lcd: ${await unknownName(asked, tree)}\n`);
    exitCode = ExitCode.failed;
  }
  terminal.stdout(
    options.json
      ? jsonText({ tree: tree.directory, answers: answers.map(answerJson) })
      : answerText(answers.flatMap(({ loadings }) => loadings)),
  );
  return exitCode;
}

function answerJson({ asked, loadings }: { asked: string; loadings: readonly Loading[] }): object {
  return {
    asked,
    modules: loadings.map(({ module, blacklisted, steps }) => ({
      ...module,
      blacklisted,
      steps: steps.map(({ action: { kind, ...how }, options, ...step }) => ({
        ...step,
        action: kind,
        ...how,
        options: options.trim(),
      })),
    })),
  };
}

/** Characters that a kernel takes (`MODULE_NAME_LEN`, less the NUL): what is longer need not be aligned. */
const LONGEST_NAME = 55;

function answerText(loadings: readonly Loading[]): string {
  const lines = new Map<string, string>();
  for (const loading of loadings) {
    for (const step of loading.steps) {
      if (!lines.has(step.name)) lines.set(step.name, [reason(step, loading), ...remarks(step, loading)].join("; "));
    }
  }
  const width = [...lines.keys()].reduce((most, { length }) => Math.max(most, Math.min(length, LONGEST_NAME)), 0);
  return [...lines].map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join("");
}

function reason({ cause }: Step, { module }: Loading): string {
  if (cause.kind === "asked") return reasonAsked(module);
  return reasonOf(cause);
}

function reasonOf(cause: Exclude<Cause, { kind: "asked" }>): string {
  if (cause.kind === "dependency") return `${cause.of} needs it`;
  return `${cause.of} wants ${cause.asked} loaded ${cause.when === "pre" ? "before" : "after"} it`;
}

/** By what the module was found that was asked for: its own name, or an alias. */
function reasonAsked({ source, pattern }: Resolved): string {
  const reasons: Partial<Record<Resolved["source"], string>> = {
    configuration: `the configuration says alias ${pattern}`,
    symbol: `exports ${pattern?.replace(/^symbol:/, "")}`,
    alias: `serves ${pattern}`,
    "builtin alias": `serves ${pattern}`,
  };
  return reasons[source] ?? "asked for";
}

function remarks({ name, action, options }: Step, { module, blacklisted }: Loading): string[] {
  const remarks: string[] = [];
  if (action.kind === "builtin") remarks.push("in the kernel itself");
  if (action.kind === "missing") remarks.push("not in this tree");
  if (action.kind === "install") remarks.push(`instead of loading it, modprobe runs: ${action.command}`);
  if (action.kind === "insmod" && options.trim() !== "") remarks.push(`with ${options.trim()}`);
  if (blacklisted && name === module.name) remarks.push("blacklisted: udev does not load it");
  return remarks;
}
