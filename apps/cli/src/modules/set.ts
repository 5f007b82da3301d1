import { Option } from "commander";
import { firmwareOf, type ModuleFile, type ModuleSet, type ModuleTree, smallestSet } from "module-init-tools";
import { defineCommand, runCommand } from "../command/define";
import { parseName } from "../command/name";
import { CommandError } from "../errors";
import { ExitCode } from "../exit-code";
import { failureOf } from "../failure";
import { jsonText } from "../json-text";
import type { Terminal } from "../terminal";
import { answering } from "./answering";
import { copySet } from "./copy-set";
import { addTreeOptions, openTree, type TreeOptions } from "./tree-options";
import { unknownName } from "./unknown-name";

const EXAMPLES = `
Examples:
  lcd modules set asker                        answer and asker
  lcd modules set -d image ext4 nvme dm-crypt  in the order to load them
  lcd modules set -d image --paths -0 ext4 nvme | xargs -0 du -c
                                               their files
  lcd modules set -d image --firmware amdgpu   what may be asked for below /lib/firmware
  lcd modules set -d image --copy-to initramfs ext4 nvme
                                               initramfs/lib/modules/<release> with these modules alone

What the kernel has built in is left out. Exit code 1: nobody knows one of the names; the others are there all the same.`;

interface SetCommandOptions extends TreeOptions {
  readonly soft: boolean;
  readonly paths: boolean;
  readonly null: boolean;
  readonly firmware: boolean;
  readonly copyTo?: string;
  readonly json: boolean;
}

/** `lcd modules set`. */
export async function set(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = addTreeOptions(defineCommand("modules set", terminal))
    .description("Finds the smallest set of modules with which all the names can be loaded: what an initramfs needs.")
    .argument("<name...>", "names of modules, aliases, modalias strings")
    .option("--no-soft", "leave out what modules would only like to have (softdep)")
    .option("--paths", "print the files instead of the names", false)
    .option("-0, --null", "end each with a NUL instead of a new line", false)
    .addOption(new Option("--firmware", "print the firmware that they may ask for").default(false).conflicts("paths"))
    .option("--copy-to <directory>", "copy the modules there, into lib/modules/<release>", parseName)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES);
  return runCommand(command, args, (names: readonly string[], options: SetCommandOptions) =>
    answering(options.json, terminal, () => show(names, options, terminal)),
  );
}

async function show(names: readonly string[], options: SetCommandOptions, terminal: Terminal): Promise<number> {
  const { tree, config, place } = await openTree(options, terminal);
  const found = await smallestSet(tree, config, names, { softDependencies: options.soft });
  for (const { name, command } of found.installCommands) {
    terminal.stderr(`lcd: instead of loading ${name}, modprobe runs: ${command}\n`);
  }
  for (const asked of found.unknown) terminal.stderr(`lcd: ${await unknownName(asked, tree)}\n`);
  const firmware = options.firmware ? await allFirmware(found.modules, tree) : undefined;
  const lines = firmware ?? found.modules.map(({ name, path }) => (options.paths ? path : name));
  terminal.stdout(
    options.json
      ? jsonText({ tree: tree.directory, ...setJson(found), firmware })
      : lines.map((line) => line + (options.null ? "\0" : "\n")).join(""),
  );
  if (options.copyTo !== undefined) await copySet(found.modules, place, options.copyTo, terminal);
  return found.unknown.length === 0 ? ExitCode.ok : ExitCode.failed;
}

function setJson({ modules, ...others }: ModuleSet): object {
  return { modules: modules.map(({ name, path, dependencies }) => ({ name, path, dependencies })), ...others };
}

async function allFirmware(modules: readonly ModuleFile[], tree: ModuleTree): Promise<string[]> {
  const files = new Set<string>();
  for (const module of modules) {
    try {
      for (const file of await firmwareOf(tree, module)) files.add(file);
    } catch (error) {
      const failure = failureOf(error);
      if (failure === null) throw error;
      throw new CommandError(`${module.path}: ${failure.message}`, failure.exitCode, failure.code);
    }
  }
  return [...files];
}
