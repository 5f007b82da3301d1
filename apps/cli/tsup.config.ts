import { writeFileSync } from "node:fs";
import { icedAsModule } from "../../build/iced";
import { licenses } from "../../build/licenses";
import { packageBuild } from "../../tsup.shared";
import { commanderWithoutChildren } from "./build/commander";
import { commandsApart } from "./build/commands-apart";
import { liblcdInPlace } from "./build/liblcd";

const commands = ["run", "call", "cc", "disasm", "machine", "host", "tools", "modules", "bench"];
/** Sources that use iced-x86. */
const roots = ["apps/cli/src", "packages/lcd-arch-x86/src"];
const bundled = ["commander", "zstddec", "iced-x86", "xz-decompress"];

/** Everything that a command needs is bundled into its file, because to find and read many files takes long. */
export default packageBuild(
  {
    main: "src/main.ts",
    ...Object.fromEntries(commands.map((name) => [name, `src/${name}/command.ts`])),
    "facts-worker": "../../packages/module-init-tools/src/node/facts-worker.ts",
  },
  {
    // What V8 has made of CommonJS can be kept (src/kept-code.ts).
    format: "cjs",
    platform: "node",
    target: "node20",
    dts: false,
    splitting: false,
    noExternal: [/^(elf-image|kliblcd|lcd-arch-x86|lcd-domains|liblcd|module-init-tools)/, ...bundled],
    esbuildPlugins: [commandsApart, commanderWithoutChildren, icedAsModule("file", roots), liblcdInPlace],
    esbuildOptions: (options) => {
      options.conditions = ["lcd-source"];
      options.minify = true;
      options.sourcesContent = false;
      options.define = { ...options.define, "import.meta.url": "importMetaUrl" };
    },
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    onSuccess: async () =>
      writeFileSync("dist/NOTICES-OF-OTHERS.txt", licenses(bundled, ["apps/cli", "packages/module-init-tools"])),
  },
);
