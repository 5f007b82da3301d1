import type { ParsedOptions } from "../command/getopt";
import type { ToolEnvironment } from "../environment";

/** The environment variable with options for every modprobe, those of install commands among them (modprobe(8)). */
const VARIABLE = "MODPROBE_OPTIONS";

/** Options that install and remove commands inherit: they may run modprobe again. */
const INHERITED = "Cqvs";

/** The words of `MODPROBE_OPTIONS`: quotes keep blanks together, and one without a partner does so to the end. */
export function inheritedWords({ variables }: ToolEnvironment): string[] {
  const words = (variables?.[VARIABLE] ?? "").match(/(?:"[^"]*"|'[^']*'|["'][\s\S]*|[^ ])+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double = "", single = "") => double + single));
}

/** The same place, where commands find in `MODPROBE_OPTIONS` what there was, and what was given besides. */
export function passingOn(env: ToolEnvironment, options: ParsedOptions["options"]): ToolEnvironment {
  const before = env.variables?.[VARIABLE];
  const given = options
    .filter(([letter]) => INHERITED.includes(letter))
    .map(([letter, value]) => (value === "" ? `-${letter}` : `-${letter} ${value}`));
  const all = before === undefined ? given : [before, ...given];
  if (all.length === 0 || env.runShell === undefined) return env;
  const own = { [VARIABLE]: all.join(" ") };
  return { ...env, runShell: (command, variables) => env.runShell?.(command, { ...variables, ...own }) ?? 1 };
}
