/**
 * The places that a workload runs in. Each is a command that prints, one on a line, `start` before the workload runs
 * and `end <checksum>` after it. A line may begin with the time in milliseconds; if it does not, the time is when it
 * arrived.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildKernel, buildNative } from "./build.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Where the bundle of lcd.mjs goes: where it finds iced-x86, as lcd-arch-x86 does. */
const icedHome = join(root, "../packages/lcd-arch-x86/node_modules/iced-x86");
const bundles = join(icedHome, "../.cache/bench");

const qemuArguments = [
  ..."-accel tcg -m 128 -nodefaults -display none -no-reboot -serial stdio".split(" "),
  ..."-device isa-debug-exit,iobase=0xf4,iosize=4".split(" "),
];

/** Every place, in the order of the table; `missing` says what to do when it cannot be used, or is null. */
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
    command: (folder, name, amount) => [
      "qemu-system-x86_64",
      ...qemuArguments,
      "-kernel",
      join(folder, "kernel64"),
      "-append",
      `${name} ${amount}`,
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
    title: "a module in a domain, 64-bit, EPT on",
    missing: () => (existsSync(icedHome) ? null : "the packages are not installed (npm start)"),
    build: () => bundleLcd(),
    command: (_folder, name, amount) => [process.execPath, join(bundles, "lcd.mjs"), root, name, amount],
  },
];

/**
 * Runs a workload once.
 *
 * @returns seconds from start to end, and the checksum in hexadecimal
 * @throws Error when the command fails or takes longer than `timeout` seconds
 */
export function measure([program, ...args], timeout) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const times = {};
    let rest = "";
    let errors = "";
    let checksum;
    const timer = setTimeout(() => child.kill("SIGKILL"), timeout * 1000);
    child.stderr.on("data", (data) => {
      errors += data;
    });
    child.stdout.on("data", (data) => {
      const arrived = performance.now();
      const lines = `${rest}${data.toString("latin1")}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        // What firmware prints may stand before the first word.
        const match = /(?:^|\.)([\d.]+ )?(start|end)(?: ([0-9a-f]{8}))?\r?$/.exec(line);
        if (match) {
          times[match[2]] = match[1] ? Number(match[1]) : arrived;
          checksum = match[3] ?? checksum;
        }
      }
    });
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (checksum === undefined || !("start" in times)) {
        const reason = signal ? `stopped by ${signal} after ${timeout} s` : `exit code ${status}`;
        reject(
          new Error(`${program} ${args.join(" ")}: ${reason} ${/\w*Error: .*/.exec(errors)?.[0] ?? errors.trim()}`),
        );
        return;
      }
      resolve({ seconds: (times.end - times.start) / 1000, checksum });
    });
  });
}

async function bundleLcd() {
  const { build } = await import("tsup");
  await build({
    config: false,
    entry: [join(root, "lcd.mjs")],
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
