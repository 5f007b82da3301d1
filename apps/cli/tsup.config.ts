import { writeFileSync } from "node:fs";
import type { Options } from "tsup";
import { icedAsModule } from "../../build/iced";
import { licenses } from "../../build/licenses";
import { packageBuild } from "../../tsup.shared";
import { commanderWithoutChildren } from "./build/commander";

const commands = ["run", "call", "cc", "disasm", "machine", "tools", "bench"];
/** Sources that use iced-x86. */
const roots = ["apps/cli/src", "packages/lcd-arch-x86/src"];
const bundled = ["commander", "fzstd", "iced-x86", "xz-decompress"];

/** Each command is a file of its own, which main.js imports when it is asked for. */
const commandsApart: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "commands-apart",
  setup(build) {
    build.onResolve({ filter: /^\.\/\w+\/command$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: `./${path.split("/")[1]}.js`, external: true } : null,
    );
  },
};

/**
 * Everything that a command needs is bundled into its file, because to find and read many files takes long. liblcd
 * stays as it is: it is data on disk.
 */
export default packageBuild(
  { main: "src/main.ts", ...Object.fromEntries(commands.map((name) => [name, `src/${name}/command.ts`])) },
  {
    platform: "node",
    target: "node20",
    dts: false,
    splitting: false,
    noExternal: [/^(elf-image|kliblcd|lcd-arch-x86|lcd-domains|module-init-tools)/, ...bundled],
    external: [/^liblcd/],
    esbuildPlugins: [commandsApart, commanderWithoutChildren, icedAsModule("file", roots)],
    esbuildOptions: (options) => {
      options.conditions = ["lcd-source"];
      options.minify = true;
      options.sourcesContent = false;
    },
    // commander is CommonJS and requires parts of Node.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    onSuccess: async () =>
      writeFileSync("dist/LICENSES-OF-OTHERS.txt", licenses(bundled, ["apps/cli", "packages/module-init-tools"])),
  },
);
