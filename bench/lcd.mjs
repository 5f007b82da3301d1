#!/usr/bin/env node
/**
 * Runs a Multiboot kernel on the emulated machine and passes its serial output on, each line with the time it was
 * complete:
 *
 *   node lcd.mjs <kernel> <command line> [<module> ...]
 *
 * places.mjs bundles it, so that the packages' sources are measured as they are now.
 */
import { readFileSync } from "node:fs";
import { bootKernel } from "./boot-kernel.mjs";

const [kernel, commandLine, ...modules] = process.argv.slice(2);
const computer = bootKernel(kernel, commandLine, {
  modules: modules.map((path) => readFileSync(path)),
  print: (line) => process.stdout.write(`${performance.now()} ${line}\n`),
});
const result = await computer.run();
if (result.kind !== "exit") {
  throw new Error(`the kernel stopped: ${result.kind} ${result.report ?? ""}`);
}
