import type { Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Each command is a file of its own, which main.cjs loads when it is asked for: see kept-code.ts. */
export const commandsApart: Plugin = {
  name: "commands-apart",
  setup(build) {
    build.onResolve({ filter: /^\.\/[\w-]+\/command$/ }, ({ path, kind, resolveDir }) =>
      kind === "dynamic-import" ? { path: path.split("/")[1], namespace: "command", pluginData: resolveDir } : null,
    );
    build.onLoad({ filter: /.*/, namespace: "command" }, ({ path, pluginData }) => ({
      contents: `
        const { join } = require("node:path");
        const { loadKept } = require("./kept-code");
        module.exports = loadKept(join(__dirname, "${path}.cjs"), join(__dirname, "../.cache/${path}"));`,
      resolveDir: pluginData,
    }));
  },
};
