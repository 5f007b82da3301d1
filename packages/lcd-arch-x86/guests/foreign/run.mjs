#!/usr/bin/env node
// Bundles the command and starts it.
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runScript } from "../../../../scripts/setup.mjs";
import { bundle } from "../../differential/bundle.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const [program] = await bundle([join(folder, "main.ts")], "foreign");
const { main } = await import(pathToFileURL(program).href);
await runScript(() => main(process.argv.slice(2), join(folder, "../../node_modules/.cache/foreign")));
