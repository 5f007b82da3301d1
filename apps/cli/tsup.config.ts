import { createRequire } from "node:module";
import type { Options } from "tsup";
import { packageBuild } from "../../tsup.shared";

const require = createRequire(import.meta.url);

/**
 * Packages that are loaded with `require`: importing one, Node reads through all of it (924 KB for iced-x86) to find
 * the names of its exports, which takes longer than to run it.
 */
const required = ["commander", "iced-x86"];

const requirePackages: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "require-packages",
  setup(build) {
    const filter = new RegExp(`^(${required.join("|")})$`);
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: "required" }));
    build.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => !name.startsWith("__"));
      return {
        contents: [
          'import { createRequire } from "node:module";',
          `const module = createRequire(import.meta.url)("${path}");`,
          ...names.map((name) => `export const ${name} = /* @__PURE__ */ (() => module.${name})();`),
        ].join("\n"),
      };
    });
  },
};

/**
 * The packages of the repository are bundled, so that a command reads few files. liblcd stays as it is: it is data on
 * disk.
 */
export default packageBuild(
  { main: "src/main.ts" },
  {
    platform: "node",
    target: "node20",
    dts: false,
    splitting: true,
    noExternal: [/^(elf-image|kliblcd|lcd-arch-x86|lcd-domains|module-init-tools|fzstd|xz-decompress)/, ...required],
    external: [/^liblcd/],
    esbuildPlugins: [requirePackages],
    esbuildOptions: (options) => {
      options.conditions = ["lcd-source"];
      options.minifyWhitespace = true;
    },
  },
);
