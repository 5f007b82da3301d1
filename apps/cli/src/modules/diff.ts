import { type Change, diffTrees, type ModuleDifference } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { defineCommand, runCommand } from "../command/define";
import { tellFailure } from "../command/tell-failure";
import { failureOf } from "../failure";
import { jsonText } from "../json-text";
import type { Terminal } from "../terminal";
import { differenceText, summaryText } from "./difference-text";
import { findTree } from "./find-tree";
import { checkProperties } from "./properties";

/** As diff(1) has them: scripts must be able to tell a difference from a failure. */
const DiffExit = { same: 0, different: 1, trouble: 2 } as const;

const EXAMPLES = `
Examples:
  lcd modules diff old new                     old/lib/modules/<release> and new/lib/modules/<release>
  lcd modules diff /lib/modules/6.1.0-55-amd64 /lib/modules/6.1.0-56-amd64
                                               two trees of this machine
  lcd modules diff old new --only export,alias,parameter
                                               what others would notice
  lcd modules diff build1 build2 --ignore "signer,signing key" && echo same

The modules are compared, not what depmod makes of them. What can be different: path, size (bytes, decompressed),
contents (bytes without a name), dependency, export (symbols and their checksums), parameter, signer, signing key,
signature hash, damage, and all that a module says of itself: alias, vermagic, srcversion, version, firmware, softdep ...

Exit codes: 0 the same, 1 different, 2 something could not be read or the command line makes no sense.`;

interface DiffOptions {
  readonly only?: readonly string[];
  readonly ignore: readonly string[];
  readonly json: boolean;
}

/** `lcd modules diff`. */
export async function diff(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = defineCommand("modules diff", terminal)
    .description("Shows what changed from one tree of modules to another.")
    .argument("<before>", "a directory that has lib/modules in it, or such a tree itself")
    .argument("<after>", "another one")
    .option("--only <what,...>", "look only at these properties of modules that both have", wordsOf)
    .option("--ignore <what,...>", "do not look at these", wordsOf, [])
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, (before: string, after: string, options: DiffOptions) =>
    show(before, after, options, terminal).catch((error) => tellTrouble(error, options, terminal)),
  );
}

function tellTrouble(error: unknown, { json }: DiffOptions, terminal: Terminal): number {
  if (json) return tellFailure(error, {}, terminal, { exitCode: DiffExit.trouble });
  const failure = failureOf(error);
  if (failure === null) throw error;
  terminal.stderr(`lcd: ${failure.message}\n`);
  return DiffExit.trouble;
}

function wordsOf(list: string): string[] {
  return list.split(",").map((word) => word.trim());
}

async function show(before: string, after: string, options: DiffOptions, terminal: Terminal): Promise<number> {
  checkProperties([...(options.only ?? []), ...options.ignore]);
  const [old, young] = [before, after].map((dirname) => ({
    ...findTree(dirname, undefined, terminal.cwd),
    files: nodeFiles,
    stderr: terminal.stderr,
  }));
  const counts = { added: 0, removed: 0, changed: 0, same: 0, unreadable: 0 };
  const modules: object[] = [];
  for await (const found of diffTrees(old, young)) {
    const difference = restricted(found, options);
    const { name, path, outcome } = difference;
    counts[outcome.kind]++;
    if (outcome.kind === "unreadable") terminal.stderr(`lcd: ${outcome.reason}\n`);
    if (outcome.kind === "same") continue;
    if (options.json) modules.push({ name, path, ...outcome });
    else if (!terminal.stdout(differenceText(difference))) await terminal.drained();
  }
  const result = { before: old.directory, after: young.directory, counts, modules };
  terminal.stdout(options.json ? jsonText(result) : summaryText(counts));
  if (counts.unreadable > 0) return DiffExit.trouble;
  return counts.added + counts.removed + counts.changed > 0 ? DiffExit.different : DiffExit.same;
}

/** Without the changes that nobody wants to hear of. */
function restricted(difference: ModuleDifference, { only, ignore }: DiffOptions): ModuleDifference {
  const { outcome } = difference;
  if (outcome.kind !== "changed") return difference;
  const wanted = ({ property }: Change) =>
    (only === undefined || only.includes(property)) && !ignore.includes(property);
  const changes = outcome.changes.filter(wanted);
  return { ...difference, outcome: changes.length === 0 ? { kind: "same" } : { kind: "changed", changes } };
}
