#!/usr/bin/env node
/**
 * Runs the guest programs on QEMU.
 *
 *   node packages/lcd-arch-x86/guests/qemu.mjs     writes what they print to expected/, which is committed
 *
 * Needs qemu-system-x86_64.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { guests } from "./guests.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const QEMU = "qemu-system-x86_64";
const SECONDS = 60;

/** Runs a guest; gives what it printed and QEMU's exit code. */
export function runOnQemu({ name, cpus = 1, append, modules = [] }) {
  const scratch = mkdtempSync(join(tmpdir(), "lcd-qemu-"));
  try {
    const files = modules.map((text, index) => {
      const file = join(scratch, `module-${index}`);
      writeFileSync(file, text);
      return file;
    });
    const args = [
      ...["-accel", "tcg", "-m", "128M", "-smp", `${cpus}`, "-kernel", join(here, "prebuilt", `${name}.elf`)],
      ...(append === undefined ? [] : ["-append", append]),
      ...(files.length === 0 ? [] : ["-initrd", files.join(",")]),
      ..."-device isa-debug-exit,iobase=0xf4,iosize=4 -device pc-testdev -serial stdio -display none -no-reboot".split(" "),
    ];
    const { status, stdout } = spawnSync(QEMU, args, { timeout: SECONDS * 1000, stdio: ["ignore", "pipe", "inherit"] });
    return { output: stdout.toString("latin1"), code: status };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Whether QEMU is installed. */
export const hasQemu = () => spawnSync(QEMU, ["--version"], { stdio: "ignore" }).status === 0;

/** Where it is written what a guest prints. */
export const expectedFile = ({ name }) => join(here, "expected", `${name}.txt`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(here, "expected"), { recursive: true });
  for (const guest of guests) {
    const { output, code } = runOnQemu(guest);
    writeFileSync(expectedFile(guest), output);
    console.log(`${guest.name}: exit code ${code}`);
  }
}
