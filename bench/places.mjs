/**
 * The places that a workload runs in. Each is a command that prints, one on a line, `start` before the workload runs
 * and `end <checksum>` after it, or `no ...` when it cannot. A line may begin with the time in milliseconds; if it does
 * not, the time is when it arrived.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildKernel, buildNative } from "./build.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Where bundles of our own go: where they find iced-x86, as lcd-arch-x86 does. */
const icedHome = join(root, "../packages/lcd-arch-x86/node_modules/iced-x86");
const bundles = join(icedHome, "../.cache/bench");

const qemuArguments = [
  ..."-accel tcg -m 128 -nodefaults -display none -no-reboot -serial stdio".split(" "),
  ..."-device isa-debug-exit,iobase=0xf4,iosize=4".split(" "),
];

/**
 * Every place, in the order of the table; `missing` says what to do when it cannot be used, or is null. `command` may
 * get files of code too, which the workload "module" runs.
 */
export const places = [
  {
    name: "native",
    title: "this processor, gcc -O2, 64-bit",
    missing: () => (has("gcc") ? null : "gcc is not installed"),
    build: (folder) => buildNative(join(folder, "native")),
    command: (folder, name, amount) => [join(folder, "native"), name, amount],
  },
  {
    name: "qemu",
    title: "qemu-system-x86_64 -accel tcg, 64-bit, paging on",
    missing: () =>
      has("gcc") && has("qemu-system-x86_64")
        ? null
        : "gcc or qemu-system-x86_64 is not installed (apt-get install gcc qemu-system-x86)",
    build: (folder) => buildKernel(64, join(folder, "kernel64")),
    command: (folder, name, amount, modules = []) => [
      "qemu-system-x86_64",
      ...qemuArguments,
      "-kernel",
      join(folder, "kernel64"),
      "-append",
      `${name} ${amount}`,
      ...(modules.length > 0 ? ["-initrd", modules.join()] : []),
    ],
  },
  {
    name: "v86",
    title: "npm v86 0.5.462, JIT, 32-bit",
    missing: () => (has("gcc") && installed("v86") ? null : "gcc or the npm package v86 is not installed"),
    build: (folder) => buildKernel(32, join(folder, "kernel32")),
    command: (folder, name, amount) => [
      process.execPath,
      join(root, "v86.mjs"),
      join(folder, "kernel32"),
      `${name} ${amount}`,
    ],
  },
  {
    name: "lcd",
    title: "the same kernel as in qemu, on the machine of lcd-arch-x86",
    missing: () =>
      has("gcc") && existsSync(icedHome)
        ? null
        : "gcc or the packages are not installed (apt-get install gcc; npm start)",
    build: async (folder) => {
      await bundle("lcd.mjs");
      buildKernel(64, join(folder, "kernel64"));
    },
    command: (folder, name, amount, modules = []) => [
      process.execPath,
      join(bundles, "lcd.mjs"),
      join(folder, "kernel64"),
      `${name} ${amount}`,
      ...modules,
    ],
  },
  {
    name: "domain",
    title: "a module in a domain, 64-bit, EPT on",
    missing: () => (existsSync(icedHome) ? null : "the packages are not installed (npm start)"),
    build: () => bundle("domain.mjs"),
    command: (_folder, name, amount) => [process.execPath, join(bundles, "domain.mjs"), root, name, amount],
    leavesOut: ({ sse }) => (sse ? "domains have no SSE, as kernel code" : null),
  },
];

/** Bundles a program of this folder with the sources of the packages; gives the bundle's path. */
export async function bundle(program) {
  const { build } = await import("tsup");
  await build({
    config: false,
    entry: [join(root, program)],
    format: "esm",
    outDir: bundles,
    outExtension: () => ({ js: ".mjs" }),
    platform: "node",
    target: "es2022",
    external: ["iced-x86"],
    noExternal: [/^lcd-/, "elf-image"],
    dts: false,
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ["lcd-source"];
    },
  });
  return join(bundles, program);
}

function has(program) {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function installed(name) {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}
