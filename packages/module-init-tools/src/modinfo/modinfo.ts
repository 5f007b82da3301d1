import { ElfError } from "elf-image";
import type { Log } from "../command/log";
import { runProgram, VERSION_TEXT } from "../command/program";
import { ConfigBuilder } from "../config/parse-config";
import { readConfig } from "../config/read-config";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf, errorText } from "../errno";
import { ToolError } from "../errors";
import { givenPath } from "../files/path";
import { isBuiltinModule, resolveModuleName, resolveName } from "../modprobe/resolve";
import { brokenModuleText, decompressedFile } from "../tree/broken-module";
import { hasUnmatchedBracket, isModuleFile, moduleNameOfPath } from "../tree/module-name";
import { ModuleTree } from "../tree/module-tree";
import { explainModule } from "./explain";
import { MODINFO_USAGE, type ModinfoOptions, parseModinfoOptions } from "./options";
import { alignedLine, type Entry, printEntries, signatureEntries } from "./print";

/**
 * `lcd-modinfo`: prints what modules say of themselves.
 *
 * @param argv the program's name first, as in C
 * @returns the exit code: 0, or 1 when one of the modules was not found or could not be read
 */
export function lcdModinfo(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  return runProgram(argv, "lcd-modinfo", env, async (args, log) => {
    const options = parseModinfoOptions(args);
    if (options.help || options.version) {
      env.stdout(options.help ? MODINFO_USAGE : VERSION_TEXT);
      return 0;
    }
    if (options.words.length === 0) throw new ToolError("missing module or filename.");
    const tree = new ModuleTree(env.files, treeDirectory(options, env));
    // Nothing of the configuration counts here but what is wrong with the soft dependencies of the tree, as with kmod.
    await readConfig(tree, [], log);
    let failed = false;
    for (const word of options.words) {
      try {
        for (const module of await find(word, tree, options, env, log)) {
          if (!(await show(module, tree, options, env, log))) failed = true;
        }
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        log.error(error.message);
        failed = true;
      }
    }
    return failed ? 1 : 0;
  });
}

interface Found {
  readonly name: string;
  /** Null for a module that has no file; modinfo takes it for one that is linked into the kernel. */
  readonly path: string | null;
  /** It is linked into the kernel. */
  readonly builtin: boolean;
}

async function find(
  word: string,
  tree: ModuleTree,
  { namesOnly }: ModinfoOptions,
  env: ToolEnvironment,
  log: Log,
): Promise<Found[]> {
  const file = givenPath(word, env.cwd);
  if (!namesOnly && isModuleFile(word) && (await isFile(env, file)))
    return [{ name: moduleNameOfPath(word), path: file, builtin: false }];
  if (!namesOnly && hasUnmatchedBracket(word)) throw new ToolError(`Module alias ${word} not found.`);
  const resolved = namesOnly
    ? await resolveModuleName(tree, word)
    : await resolveName(tree, new ConfigBuilder(log), word);
  if (resolved.length === 0) throw new ToolError(`Module ${namesOnly ? "name " : ""}${word} not found.`);
  const found: Found[] = [];
  for (const module of resolved) {
    const path = (await tree.module(module.name))?.path ?? null;
    found.push({ name: module.name, path, builtin: await isBuiltinModule(tree, module) });
  }
  return found;
}

async function isFile(env: ToolEnvironment, path: string): Promise<boolean> {
  try {
    return (await env.files.stat(path)).kind === "file";
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    return false;
  }
}

/** @returns false when the module cannot be read */
async function show(
  { name, path, builtin }: Found,
  tree: ModuleTree,
  options: ModinfoOptions,
  env: ToolEnvironment,
  log: Log,
): Promise<boolean> {
  const filename = path ?? "(builtin)";
  if (options.field === "filename") {
    env.stdout(filename + options.separator);
    return true;
  }
  if (options.field === "name" && path === null) env.stdout(name + options.separator);
  if (options.field === null) {
    const title = path === null ? alignedLine("name", name, options) : "";
    env.stdout(title + alignedLine("filename", filename, options));
  }
  try {
    const entries = await entriesOf({ name, path, builtin }, tree, env);
    env.stdout(printEntries(entries, options, log));
    return true;
  } catch (error) {
    if (!(error instanceof ToolError) && errorCodeOf(error) === null) throw error;
    log.error(`could not get modinfo from '${name}': ${describeError(error)}`);
    return false;
  }
}

/** Of a module that has a file and is linked into the kernel, too, what the kernel's build says counts, as with kmod. */
async function entriesOf({ name, path, builtin }: Found, tree: ModuleTree, env: ToolEnvironment): Promise<Entry[]> {
  if (!builtin) return path === null ? [] : await fileEntries(env, path);
  const entries = await tree.builtinModinfo(name);
  if (entries === null && path !== null) throw new ToolError(errorText("ENOENT"));
  if (entries?.length === 0) throw new ToolError(errorText("ENOSYS"));
  return entries ?? [];
}

async function fileEntries(env: ToolEnvironment, path: string): Promise<Entry[]> {
  const file = await env.files.readFile(path);
  const bytes = await decompressedFile(file);
  try {
    const { entries, signature } = explainModule(bytes);
    return [...entries, ...signatureEntries(signature)];
  } catch (error) {
    if (error instanceof ElfError) throw new ToolError(`${brokenModuleText(bytes, file)} (${error.message})`);
    throw error;
  }
}

function treeDirectory({ root, release }: ModinfoOptions, env: ToolEnvironment): string {
  return `${givenPath(root ?? "", env.cwd)}/lib/modules/${release ?? env.release}`;
}
