// Measures lcd-depmod against kmod's depmod, and lcd-modprobe -D against `node -e 0`, in turns on one tree. Needs Linux,
// kmod and a built package; changes nothing outside a temporary directory.
//
//   pnpm --filter module-init-tools bench <root> [--rounds n] [--json]
//
// `root` has `lib/modules` in it (an unpacked linux-image package).
import { spawn } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readArguments } from "../compare/arguments.mjs";

const { values, roots } = readArguments(
  "bench/run.mjs <root> [--rounds n] [--json]",
  { rounds: { type: "string", default: "5" }, json: { type: "boolean", default: false } },
  [1, 1],
);
const [root] = roots;
const rounds = Math.max(1, Number(values.rounds));

/** Makes Node tell its largest resident size in KiB, when it ends, on file descriptor 3. */
const REPORT_PEAK = [
  "--import",
  `data:text/javascript,import { writeSync } from "node:fs";
   import { isMainThread } from "node:worker_threads";
   if (isMainThread) process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));`,
];
/** A network card that both of Debian's kernels know, as udev asks for it. */
const MODALIAS = "pci:v00001D0Fd0000EC20sv00001D0Fsd0000EC20bc02sc00i00";

const scratch = mkdtempSync(join(tmpdir(), "lcd-bench-"));
try {
  const release = readdirSync(join(root, "lib/modules"))[0];
  const tree = join(scratch, "tree");
  copyOfLinks(join(root, "lib/modules", release), join(tree, "lib/modules", release));
  const results = [...(await depmod(tree, release)), ...(await modprobe(tree, release))];
  if (values.json) console.log(JSON.stringify(results, null, 2));
  else for (const result of results) console.log(line(result));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Both write all indexes of the same tree; they have to be the same. */
async function depmod(tree, release) {
  const theirs = ["depmod", "-b", tree, release];
  const ours = [process.execPath, tool("lcd-depmod"), "-b", tree, release];
  const times = { lcd: [], kmod: [] };
  let expected = null;
  for (let round = 0; round <= rounds; round++) {
    const kmod = await run(theirs);
    expected ??= indexes(tree, release);
    const lcd = await run(ours);
    if (indexes(tree, release) !== expected)
      throw new Error("lcd-depmod has not written the files that depmod has written");
    // The first round finds the page cache cold.
    if (round === 0) continue;
    times.kmod.push(kmod.milliseconds);
    times.lcd.push(lcd.milliseconds);
  }
  const { peak } = await run([process.execPath, ...REPORT_PEAK, ...ours.slice(1)]);
  const modules = readFileSync(join(tree, "lib/modules", release, "modules.dep"), "latin1").match(/:/g).length;
  const milliseconds = { lcd: median(times.lcd), kmod: median(times.kmod) };
  return [
    {
      what: `depmod on ${modules} modules, against kmod's`,
      ratio: milliseconds.lcd / milliseconds.kmod,
      goal: 2,
      milliseconds,
    },
    { what: "depmod's memory at most, in MB", ratio: peak / 1e6, goal: 400 },
  ];
}

async function modprobe(tree, release) {
  const where = ["-C", "/dev/null", "-d", tree, "-S", release, "-D"];
  const commands = {
    empty: [process.execPath, "-e", "0"],
    "modprobe -D ext4": [process.execPath, tool("lcd-modprobe"), ...where, "ext4"],
    "modprobe -D pci:...": [process.execPath, tool("lcd-modprobe"), ...where, MODALIAS],
  };
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= 4 * rounds; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const { milliseconds } = await run(command);
      if (round > 0) times[name].push(milliseconds);
    }
  }
  const { empty, ...others } = times;
  return Object.entries(others).map(([name, own]) => ({
    what: `${name}, against node -e 0`,
    ratio: median(own) / median(empty),
    goal: 2,
    milliseconds: { lcd: median(own), "node -e 0": median(empty) },
  }));
}

function tool(name) {
  return fileURLToPath(new URL(`../bin/${name}.mjs`, import.meta.url));
}

/** Everything that depmod writes, one after another. */
function indexes(tree, release) {
  const directory = join(tree, "lib/modules", release);
  const files = readdirSync(directory).filter((name) => /^modules\.(?!order|builtin$|builtin\.modinfo)/.test(name));
  return files
    .sort()
    .map((name) => `${name}\n${readFileSync(join(directory, name), "latin1")}`)
    .join("\n");
}

/** @returns wall time, and the peak in bytes when it is reported */
function run([command, ...args]) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
    let told = "";
    child.stdio[3].on("data", (data) => {
      told += data;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve({ milliseconds: performance.now() - start, peak: Number(told) * 1024 });
      else reject(new Error(`${command} ${args.join(" ")}: exit code ${code}`));
    });
  });
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function line({ what, ratio, goal, milliseconds = {} }) {
  const parts = Object.entries(milliseconds).map(([name, value]) => `${name} ${value.toFixed(0)} ms`);
  const details = parts.length > 0 ? `; ${parts.join(", ")}` : "";
  return `${what}: ${ratio.toFixed(ratio < 10 ? 2 : 0)} (goal: at most ${goal}${details})`;
}

/** Real files without copying their bytes; symbolic links where the scratch directory is on another file system. */
function copyOfLinks(from, to) {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = join(to, path.slice(from.length));
    mkdirSync(dirname(target), { recursive: true });
    try {
      linkSync(path, target);
    } catch {
      symlinkSync(path, target);
    }
  }
}
