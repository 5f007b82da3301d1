import { type OptionTable, parseOptions } from "../command/getopt";
import type { Log } from "../command/log";
import { runProgram, VERSION_TEXT } from "../command/program";
import type { ToolEnvironment } from "../environment";
import { errorText } from "../errno";
import { ToolError } from "../errors";
import { kindAt } from "../files/kind";
import { givenPath } from "../files/path";
import { loadedModule } from "../host/loaded-modules";
import { removeModule } from "../host/remove-module";
import { moduleNameOfPath, normalizeName } from "../tree/module-name";
import { ModuleTree } from "../tree/module-tree";

const TABLE: OptionTable = {
  short: "fsvVwh",
  last: "hV",
  long: { force: "f", syslog: "s", verbose: "v", version: "V", wait: "w", help: "h" },
};

const USAGE = `Usage:
  lcd-rmmod [options] modulename ...

Takes modules out of the kernel of the host.

Options:
  -f, --force    Even when it is in use: dangerous
  -w, --wait     Wait until nobody uses it any more
  -s, --syslog   Messages go to the system log, where there is one
  -v, --verbose  Say more
  -V, --version  Show which kmod this is compatible with
  -h, --help     Show this
`;

/**
 * `lcd-rmmod`: takes modules out, one after the other, in the order given.
 *
 * @param argv the program's name first, as in C
 * @returns the exit code: 0, or 1 when one of them stays
 */
export function lcdRmmod(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  return runProgram(argv, "lcd-rmmod", env, async (args, log) => {
    const { options, words } = parseOptions(args, TABLE);
    const has = (letter: string) => options.some(([given]) => given === letter);
    if (has("h") || has("V")) {
      env.stdout(has("h") ? USAGE : VERSION_TEXT);
      return 0;
    }
    if (has("s")) log.useSyslog(env);
    for (const [letter] of options) if (letter === "v") log.louder();
    if (words.length === 0) throw new ToolError("missing module name.");
    let failed = false;
    for (const word of words) {
      if (!(await remove(word, { force: has("f"), wait: has("w") }, env, log))) failed = true;
    }
    return failed ? 1 : 0;
  });
}

/** What is no file is a name, as it stands: `./ext4` is none of a loaded module. */
function nameOf(word: string, isFile: boolean): string {
  return isFile ? moduleNameOfPath(word) : normalizeName(word.replace(/\..*$/s, ""));
}

async function remove(
  word: string,
  flags: { readonly force: boolean; readonly wait: boolean },
  env: ToolEnvironment,
  log: Log,
): Promise<boolean> {
  const isFile = (await kindAt(env.files, givenPath(word, env.cwd))) !== null;
  const name = nameOf(word, isFile);
  const obstacle = flags.force ? null : await obstacleTo(name, isFile, flags.wait, env);
  if (obstacle !== null) {
    log.error(obstacle);
    return false;
  }
  log.info(`rmmod ${name}`);
  const code = await removeModule(env, name, flags);
  if (code === null) return true;
  log.error(`could not remove module ${word}: ${errorText(code)}`);
  if (code === "ENOSYS") log.error("This host has no way to take modules out");
  return false;
}

/** Why a module had better stay; null when nothing is in the way. */
async function obstacleTo(name: string, isFile: boolean, wait: boolean, env: ToolEnvironment): Promise<string | null> {
  const tree = new ModuleTree(env.files, `/lib/modules/${env.release}`);
  if (!isFile && (await tree.isBuiltin(name))) return `Module ${name} is builtin.`;
  const module = await loadedModule(env.files, name);
  if (module === null) return `Module ${name} is not currently loaded`;
  if (module.holders.length > 0) return `Module ${name} is in use by: ${module.holders.join(" ")}`;
  if (module.users === null) return "Module unloading is not supported";
  // Minus one user has a module that is being taken out already.
  return module.users !== 0 && !wait ? `Module ${name} is in use` : null;
}
