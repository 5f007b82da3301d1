import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { type ConfiguredTree, openModuleTree } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { collectNames, parseName } from "../command/name";
import { CommandError } from "../errors";
import { readingOfTrees } from "../module-files/reading-of-trees";
import type { Terminal } from "../terminal";
import { findTree, type Place } from "./find-tree";

/** Options that name a tree. */
export interface TreeOptions {
  readonly dirname?: string;
  readonly setVersion?: string;
  readonly config: readonly string[];
}

/** Adds the options that {@link TreeOptions} has. */
export function addTreeOptions(command: Command): Command {
  return command
    .option("-d, --dirname <directory>", "the directory that has lib/modules in it, or such a tree itself", parseName)
    .option("-S, --set-version <release>", "which of several trees in lib/modules")
    .option(
      "-C, --config <path>",
      "configuration instead of <directory>/etc/modprobe.d (may be given again)",
      collectNames,
      [],
    )
    .addHelpText("after", "\nWithout -d and -S the modules are the examples of LCD; -d / means those of this machine.");
}

/** Opens the tree that the options name; tells when that takes long. @throws CommandError */
export async function openTree(options: TreeOptions, terminal: Terminal): Promise<ConfiguredTree & { place: Place }> {
  const place = findTree(options.dirname, options.setVersion, terminal.cwd);
  const { root, directory } = place;
  const config = options.config.map((path) => requireThere(path, terminal.cwd));
  const env = { files: nodeFiles, stderr: terminal.stderr, ...readingOfTrees(terminal) };
  const opened = await openModuleTree(env, directory, {
    root,
    program: "lcd modules",
    ...(config.length > 0 ? { config } : {}),
    onIndexing: () =>
      terminal.stderr(`lcd modules: ${directory} has no modules.dep: reading every module${advice(place)}\n`),
  });
  return { ...opened, place };
}

/** modprobe reads nothing, and says nothing, where nothing is. */
function requireThere(config: string, cwd: string): string {
  const path = resolve(cwd, config);
  if (!existsSync(path)) throw new CommandError(`-C ${config}: no such file or directory`, undefined, "ENOENT");
  return path;
}

function advice({ root, directory, release }: Place): string {
  const inRoot = directory === `${root}/lib/modules/${release}`;
  return inRoot ? ` (lcd depmod -b ${root || "/"} ${release} makes one)` : "";
}
