// Bundles TypeScript that uses the package's sources, so that it runs as a command.
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsup";

/**
 * @param {string[]} entries absolute paths of TypeScript files
 * @param {string} name of a folder for the bundles
 * @returns {Promise<string[]>} their paths
 */
export async function bundle(entries, name) {
  // Inside node_modules, so that the bundle finds iced-x86 where the package does.
  const output = fileURLToPath(new URL(`../node_modules/.cache/${name}`, import.meta.url));
  mkdirSync(output, { recursive: true });
  await build({
    config: false,
    entry: entries,
    format: "esm",
    outDir: output,
    outExtension: () => ({ js: ".mjs" }),
    platform: "node",
    external: ["iced-x86"],
    sourcemap: "inline",
    dts: false,
    silent: true,
  });
  return entries.map((entry) => join(output, basename(entry).replace(/\.ts$/, ".mjs")));
}
