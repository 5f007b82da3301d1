#!/usr/bin/env node
/**
 * Runs a Multiboot kernel in v86 and passes its serial output on, each line with the time it was complete:
 *
 *   node v86.mjs <kernel> <command line>
 *
 * A process of its own, because v86 never lets go of one.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { V86 } from "v86";

const [kernel, commandLine] = process.argv.slice(2);
const image = readFileSync(kernel);
const emulator = new V86({
  wasm_path: join(dirname(createRequire(import.meta.url).resolve("v86")), "v86.wasm"),
  multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.length) },
  cmdline: commandLine,
  memory_size: 64 << 20,
  autostart: true,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
});

let line = "";
emulator.add_listener("serial0-output-byte", (byte) => {
  if (byte !== 10) {
    line += String.fromCharCode(byte);
    return;
  }
  process.stdout.write(`${performance.now()} ${line}\n`);
  if (line.startsWith("end") || line.startsWith("no ")) {
    process.exit(0);
  }
  line = "";
});
