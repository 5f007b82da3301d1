#!/usr/bin/env node
// Bundles main.ts and runs it.
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runScript } from "../../../../../scripts/setup.mjs";
import { bundle } from "../../bundle.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const [program] = await bundle([join(folder, "main.ts")], "differential-float");
const { main } = await import(pathToFileURL(program).href);
await runScript(() => main(process.argv.slice(2), folder));
