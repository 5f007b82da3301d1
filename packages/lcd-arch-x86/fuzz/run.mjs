#!/usr/bin/env node
// Bundles the command and the worker that runs the cases, and starts the command.
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runScript } from "../../../scripts/setup.mjs";
import { bundle } from "../differential/bundle.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const [program, worker] = await bundle([join(folder, "main.ts"), join(folder, "worker.ts")], "fuzz");
const { main } = await import(pathToFileURL(program).href);
await runScript(() => main(process.argv.slice(2), worker));
