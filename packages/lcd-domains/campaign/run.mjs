#!/usr/bin/env node
// Bundles main.ts with the packages' TypeScript sources, and runs it: `node run.mjs --help`.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsup";

const folder = dirname(fileURLToPath(import.meta.url));
const packages = join(folder, "../..");
// Inside the node_modules of lcd-arch-x86, so that the bundle finds iced-x86 where that does.
const output = join(packages, "lcd-arch-x86/node_modules/.cache/campaign");
mkdirSync(output, { recursive: true });
await build({
  config: false,
  entry: [join(folder, "main.ts")],
  format: "esm",
  outDir: output,
  outExtension: () => ({ js: ".mjs" }),
  platform: "node",
  external: ["iced-x86"],
  noExternal: ["lcd-arch-x86", "elf-image"],
  esbuildOptions: (options) => {
    options.conditions = ["lcd-source"];
  },
  sourcemap: "inline",
  dts: false,
  silent: true,
});
const { main } = await import(pathToFileURL(join(output, "main.mjs")).href);
process.exitCode = await main(process.argv.slice(2), join(packages, "liblcd/prebuilt"));
