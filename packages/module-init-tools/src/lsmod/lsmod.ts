import { runProgram } from "../command/program";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf } from "../errno";
import { type LoadedModule, loadedModules } from "../host/loaded-modules";

/**
 * `lcd-lsmod`: prints the modules that are loaded, who uses them and how much memory they take.
 *
 * @param argv the program's name first, as in C; there are no options
 * @returns the exit code: 0, or 1 when the host does not tell
 */
export function lcdLsmod(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  return runProgram(argv, "lcd-lsmod", env, async (args) => {
    if (args.length > 0) {
      env.stderr(`Usage: ${argv[0] ?? "lcd-lsmod"}\n`);
      return 1;
    }
    try {
      const lines = (await loadedModules(env.files)).map(line);
      env.stdout(["Module                  Size  Used by\n", ...lines].join(""));
      return 0;
    } catch (error) {
      if (errorCodeOf(error) === null) throw error;
      env.stderr(`Error: could not get list of modules: ${describeError(error)}\n`);
      return 1;
    }
  });
}

/** What kmod prints for the users of a module in a kernel that does not count them: minus ENOENT. */
const NOT_COUNTED = -2;

function line({ name, size, users, holders }: LoadedModule): string {
  const by = holders.length === 0 ? "" : ` ${holders.join(",")}`;
  return `${name.padEnd(19)} ${String(size).padStart(8)}  ${users ?? NOT_COUNTED}${by}\n`;
}
