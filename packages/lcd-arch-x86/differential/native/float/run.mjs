#!/usr/bin/env node
// Bundles main.ts, which may then use the package's TypeScript sources, and runs it.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "tsup";

const folder = dirname(fileURLToPath(import.meta.url));
const output = join(folder, "../../../node_modules/.cache/differential-float");
mkdirSync(output, { recursive: true });
await build({
  config: false,
  entry: [join(folder, "main.ts")],
  format: "esm",
  outDir: output,
  outExtension: () => ({ js: ".mjs" }),
  platform: "node",
  external: ["iced-x86"],
  sourcemap: "inline",
  dts: false,
  silent: true,
});
const { main } = await import(pathToFileURL(join(output, "main.mjs")).href);
process.exitCode = main(process.argv.slice(2), folder);
