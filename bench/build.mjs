#!/usr/bin/env node
/**
 * Builds the workloads.
 *
 *   node bench/build.mjs prebuilt     the modules in bench/prebuilt/, which are committed (needs gcc)
 *
 * As functions it also builds the program and the kernels that bench/run.mjs compares with. All of them use the same
 * optimization and no vector registers, so that the same integer code runs everywhere.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileModule } from "../packages/liblcd/tools/cc.js";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Names of the workloads: bench/src/<name>.c holds bench_<name>. */
export const workloads = [...readFileSync(join(root, "src/workloads.h"), "utf8").matchAll(/^WORKLOAD\((\w+)\)/gm)].map(
  (match) => match[1],
);

const COMMON = "-std=gnu11 -O2 -Wall -Wextra -Werror -mgeneral-regs-only -fno-tree-loop-distribute-patterns".split(" ");
const FREESTANDING = [
  ..."-ffreestanding -nostdinc -fno-pic -fno-stack-protector -fcf-protection=none".split(" "),
  ..."-fno-asynchronous-unwind-tables -fno-strict-aliasing -mno-red-zone".split(" "),
];

const sources = workloads.map((name) => join(root, "src", `${name}.c`));

function gcc(...args) {
  execFileSync("gcc", args, { stdio: ["ignore", "inherit", "inherit"] });
}

/** The program that runs on this machine's processor. */
export function buildNative(output) {
  // native.c prints a floating-point number; only the workloads are restricted to integer registers.
  const objects = compile(output, sources, COMMON);
  gcc("-O2", "-Wall", "-o", output, join(root, "native/native.c"), ...objects);
}

/** A Multiboot kernel of 32 or 64 bits. The latter is put into a 32-bit ELF file, which is what loaders take. */
export function buildKernel(bits, output) {
  const files = [...sources, join(root, "baremetal/kernel.c"), join(root, `baremetal/start${bits}.S`)];
  const objects = compile(output, files, [...COMMON, ...FREESTANDING, `-m${bits}`]);
  const linked = bits === 64 ? `${output}.64` : output;
  const emulation = bits === 64 ? "elf_x86_64" : "elf_i386";
  const layout = ["-z", "max-page-size=4096", "-z", "noexecstack", "--build-id=none", "--no-warn-rwx-segments"];
  execFileSync("ld", ["-m", emulation, ...layout, "-T", join(root, "baremetal/link.ld"), "-o", linked, ...objects]);
  if (bits === 64) {
    execFileSync("objcopy", ["-O", "elf32-i386", linked, output]);
  }
}

/** Compiles each file on its own; the objects lie beside `output`. */
function compile(output, files, flags) {
  return files.map((file, i) => {
    const object = `${output}.${i}.o`;
    gcc(...flags, "-c", "-o", object, file);
    return object;
  });
}

/** The modules that a domain loads. */
export async function buildModules(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of workloads) {
    await compileModule({
      sources: [join(root, "src", `${name}.c`), join(root, "lcd/module.c")],
      output: join(folder, `bench-${name}.ko`),
      flags: ["-Wextra", "-Werror", `-DWORKLOAD_FUNCTION=bench_${name}`],
      withLiblcd: false,
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "prebuilt") {
  await buildModules(join(root, "prebuilt"));
}
