#!/usr/bin/env node
// Compiles the guest programs.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runScript } from "../../../scripts/setup.mjs";
import { guests } from "./guests.mjs";

const usage = `Compiles the guest programs to prebuilt/, which is committed, so that nobody needs a compiler to run them.

  node packages/lcd-arch-x86/guests/build.mjs

Needs gcc and binutils. A 64-bit guest is put into a 32-bit ELF file: that is what Multiboot loaders take.
`;

const here = fileURLToPath(new URL(".", import.meta.url));
const FLAGS = [
  ..."-std=gnu11 -O2 -Wall -Wextra -Werror -Wno-format -mgeneral-regs-only -ffreestanding -nostdinc".split(" "),
  ..."-fno-pic -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables".split(" "),
  ..."-fno-strict-aliasing -fno-tree-loop-distribute-patterns -fno-delete-null-pointer-checks -mno-red-zone".split(" "),
  ...["-iquote", join(here, "runtime"), `-ffile-prefix-map=${here}=`],
];
const LINK = "-z max-page-size=4096 -z noexecstack --build-id=none --no-warn-rwx-segments".split(" ");

const run = (command, args) => execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });

function build({ name, source, bits, runtime = [] }, scratch) {
  const files = [
    source,
    "runtime/guest.c",
    "runtime/apic.c",
    ...runtime.map((file) => `runtime/${file}`),
    "runtime/descriptors.S",
    "runtime/vectors.S",
    `runtime/start${bits}.S`,
  ];
  const objects = files.map((file, index) => {
    const object = join(scratch, `${name}.${index}.o`);
    run("gcc", [...FLAGS, `-m${bits}`, "-c", "-o", object, join(here, file)]);
    return object;
  });
  const linked = join(scratch, name);
  const emulation = bits === 64 ? "elf_x86_64" : "elf_i386";
  run("ld", ["-m", emulation, ...LINK, "-s", "-T", join(here, "runtime/kernel.ld"), "-o", linked, ...objects]);
  run("objcopy", ["-O", "elf32-i386", linked, join(here, "prebuilt", `${name}.elf`)]);
}

await runScript(() => {
  const { help } = parseArgs({ options: { help: { type: "boolean" } } }).values;
  if (help) {
    process.stdout.write(usage);
    return 0;
  }
  mkdirSync(join(here, "prebuilt"), { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), "lcd-guests-"));
  try {
    for (const guest of guests) build(guest, scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return 0;
});
