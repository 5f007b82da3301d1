import { readFileSync } from "node:fs";
import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

const here = "import.meta.url";

/** Finds the package as Node does, which takes some milliseconds for it, because it looks at exports, too. */
const there = `
const there = (() => {
  const { existsSync } = require("node:fs");
  const { dirname, join } = require("node:path");
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const tools = join(folder, "node_modules/liblcd/tools");
    if (existsSync(tools)) return require("node:url").pathToFileURL(join(tools, "index.js"));
    if (folder === dirname(folder)) throw new Error("liblcd is not installed beside lcd-cli");
  }
})();
`;

/** liblcd is data on disk: its code is bundled, but what it tells places by stays where it is installed. */
export const liblcdInPlace: Plugin = {
  name: "liblcd-in-place",
  setup(build) {
    build.onLoad({ filter: /[\\/]liblcd[\\/]tools[\\/]index\.js$/ }, ({ path }) => ({
      contents: there + readFileSync(path, "utf8").replaceAll(here, "there"),
    }));
  },
};
