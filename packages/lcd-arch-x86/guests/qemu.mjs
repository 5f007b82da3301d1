#!/usr/bin/env node
// Runs the guest programs on QEMU.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runScript, SetupError } from "../../../scripts/setup.mjs";
import { guests } from "./guests.mjs";

const usage = `Runs the guest programs on QEMU, and writes what they print to expected/, which is committed.

  node packages/lcd-arch-x86/guests/qemu.mjs

Needs qemu-system-x86_64, and a computer that does nothing else: on QEMU, time goes on while others run. A program that
ends with another code than guests.mjs says is named, and what it printed is not written.
`;

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
      ..."-device isa-debug-exit,iobase=0xf4,iosize=4 -device pc-testdev -serial stdio -display none -no-reboot".split(
        " ",
      ),
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

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(writeExpected);

function writeExpected() {
  const { help } = parseArgs({ options: { help: { type: "boolean" } } }).values;
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  if (!hasQemu()) throw new SetupError(`${QEMU} is not installed (apt-get install qemu-system-x86)`);
  mkdirSync(join(here, "expected"), { recursive: true });
  let wrong = 0;
  for (const guest of guests) {
    const { output, code } = runOnQemu(guest);
    const { exit = 1 } = guest;
    const isRight = code === exit;
    if (isRight) writeFileSync(expectedFile(guest), output);
    else wrong++;
    console.log(`${guest.name}: exit code ${code}${isRight ? "" : `, not ${exit}`}`);
  }
  return wrong === 0 ? 0 : 1;
}
