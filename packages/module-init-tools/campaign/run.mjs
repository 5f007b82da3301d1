#!/usr/bin/env node
// Bundles the campaign with the packages' TypeScript sources, and runs it: `node run.mjs --help`.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsup";

const folder = dirname(fileURLToPath(import.meta.url));
// Inside the node_modules of the package, so that the bundle finds the decompressors where that does.
const output = join(folder, "../node_modules/.cache/campaign");
mkdirSync(output, { recursive: true });
await build({
  config: false,
  entry: { main: join(folder, "main.ts"), worker: join(folder, "worker.ts") },
  format: "esm",
  outDir: output,
  outExtension: () => ({ js: ".mjs" }),
  platform: "node",
  external: ["zstddec", "xz-decompress"],
  noExternal: ["elf-image", "lcd-domains"],
  esbuildOptions: (options) => {
    options.conditions = ["lcd-source"];
  },
  sourcemap: "inline",
  splitting: false,
  dts: false,
  silent: true,
});
const { main } = await import(pathToFileURL(join(output, "main.mjs")).href);
process.exitCode = await main(
  process.argv.slice(2),
  pathToFileURL(join(output, "worker.mjs")),
  join(folder, "../../liblcd/prebuilt"),
);
