#!/usr/bin/env node
/**
 * Builds the workloads.
 *
 *   node bench/build.mjs prebuilt     the modules in bench/prebuilt/, which are committed (needs gcc)
 *
 * As functions it also builds the program and the kernels that bench/run.mjs compares with. All of them use the same
 * optimization, and vector registers only where a workload is about them, so that the same code runs everywhere.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileModule } from "../packages/liblcd/tools/cc.js";

const root = fileURLToPath(new URL(".", import.meta.url));

/**
 * The workloads: bench/src/<name>.c holds bench_<name>. `amount` is the usual amount of work; `sse` tells that it needs
 * SSE2, which domains, like the kernel, do not have.
 */
export const workloads = [
  ...readFileSync(join(root, "src/workloads.h"), "utf8").matchAll(/^(SSE_)?WORKLOAD\((\w+), (\d+)\)/gm),
].map(([, sse, name, amount]) => ({ name, amount: Number(amount), sse: sse !== undefined }));

const COMMON = "-std=gnu11 -O2 -Wall -Wextra -Werror -fno-tree-loop-distribute-patterns".split(" ");
const GENERAL_REGISTERS = ["-mgeneral-regs-only"];
/** SSE2 and no more, for doubles too in 32-bit code, so that all compute the same bits. */
const SSE2 = "-msse2 -mno-sse3 -mfpmath=sse -fno-math-errno".split(" ");
const FREESTANDING = [
  ..."-ffreestanding -nostdinc -fno-pic -fno-stack-protector -fcf-protection=none".split(" "),
  ..."-fno-asynchronous-unwind-tables -fno-strict-aliasing -mno-red-zone".split(" "),
];

function gcc(...args) {
  execFileSync("gcc", args, { stdio: ["ignore", "inherit", "inherit"] });
}

/** The program that runs on this machine's processor. */
export function buildNative(output) {
  // native.c prints a floating-point number; only the workloads are restricted in their registers.
  gcc("-O2", "-Wall", "-o", output, join(root, "native/native.c"), ...compileWorkloads(output, []));
}

/** A Multiboot kernel of 32 or 64 bits. The latter is put into a 32-bit ELF file, which is what loaders take. */
export function buildKernel(bits, output) {
  const flags = [...FREESTANDING, `-m${bits}`];
  const own = ["baremetal/kernel.c", `baremetal/start${bits}.S`].map((file, i) =>
    compile(join(root, file), `${output}.${i}.o`, [...GENERAL_REGISTERS, ...flags]),
  );
  const linked = bits === 64 ? `${output}.64` : output;
  const emulation = bits === 64 ? "elf_x86_64" : "elf_i386";
  const layout = ["-z", "max-page-size=4096", "-z", "noexecstack", "--build-id=none", "--no-warn-rwx-segments"];
  const objects = [...compileWorkloads(output, flags), ...own];
  execFileSync("ld", ["-m", emulation, ...layout, "-T", join(root, "baremetal/link.ld"), "-o", linked, ...objects]);
  if (bits === 64) {
    execFileSync("objcopy", ["-O", "elf32-i386", linked, output]);
  }
}

/** Compiles each workload on its own; the objects lie beside `output`. */
function compileWorkloads(output, flags) {
  return workloads.map(({ name, sse }) =>
    compile(join(root, "src", `${name}.c`), `${output}.${name}.o`, [...(sse ? SSE2 : GENERAL_REGISTERS), ...flags]),
  );
}

function compile(source, object, flags) {
  gcc(...COMMON, ...flags, "-c", "-o", object, source);
  return object;
}

/** The modules that a domain loads. */
export async function buildModules(folder) {
  mkdirSync(folder, { recursive: true });
  for (const { name } of workloads.filter(({ sse }) => !sse)) {
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
