import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

/**
 * Reads what a script of this folder, or of bench/, is called with. Ends the process with its usage when that is asked
 * for, or something else is given.
 *
 * @param usage what may stand behind `node`
 * @param options as node:util has them; what stands behind one of type "string" is a number
 * @param roots fewest and most folders with `lib/modules` in them that may be named
 */
export function readArguments(usage, options, roots = [0, 0]) {
  try {
    const { values, positionals } = parseArgs({
      options: { ...options, help: { type: "boolean" } },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(`usage: node ${usage}`);
      process.exit(0);
    }
    for (const [name, { type }] of Object.entries(options)) {
      const value = values[name];
      if (type === "string" && value !== undefined && !(Number(value) >= 0)) throw new Error(`--${name} is no number`);
    }
    const [fewest, most] = roots;
    if (positionals.length < fewest) throw new Error("which modules? No folder with lib/modules in it is named");
    if (positionals.length > most) throw new Error(`${positionals[most]} is too much`);
    for (const root of positionals) {
      if (!existsSync(join(root, "lib/modules"))) {
        throw new Error(`${root} has no lib/modules in it: unpack a linux-image package there`);
      }
    }
    return { values, roots: positionals };
  } catch (error) {
    console.error(`${error.message}\nusage: node ${usage}`);
    process.exit(2);
  }
}
