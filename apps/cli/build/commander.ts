import { readFileSync } from "node:fs";
import type { Options } from "tsup";

const atImport = "const childProcess = require('node:child_process');";

/**
 * Lets commander load node:child_process only when it starts a program, which it does for commands that are files of
 * their own: `lcd` has none, and loading that module takes a tenth of the time of an empty Node.
 */
export const commanderWithoutChildren: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "commander-without-children",
  setup(build) {
    build.onLoad({ filter: /[\\/]commander[\\/]lib[\\/]command\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      if (!source.includes(atImport)) throw new Error(`commander has changed: ${atImport} is not in ${path}`);
      const contents = source.replace(atImport, "").replaceAll("childProcess.", "require('node:child_process').");
      return { contents };
    });
  },
};
