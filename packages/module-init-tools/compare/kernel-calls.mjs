// Compares what lcd-modprobe, lcd-insmod, lcd-rmmod and lcd-lsmod have a kernel do with what kmod's tools have it do:
// which images they hand over, to the byte, with which parameters, which modules they take out, in which order, and what
// they say. The kernel is a stand-in (stand-in-kernel.c) with a /proc/modules and a /sys/module that are made up.
//
// Needs Linux with user namespaces, kmod, gcc and a built package. No real kernel is asked to load anything: the
// namespace would not be allowed to.
//
//   node compare/kernel-calls.mjs [--seed S] [--states N] [--state K]
//
// `--state K` repeats one state of a seed and leaves it on disk.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseElf } from "elf-image";
import { lcdInsmod, lcdLsmod, lcdModprobe, lcdRmmod } from "module-init-tools";
import { nodeFiles } from "module-init-tools/node";
import { makeModule } from "module-init-tools/testing";
import { readArguments } from "./arguments.mjs";
import { Choices } from "./choices.mjs";
import { Comparison, outcome, runTool } from "./comparison.mjs";

const { values } = readArguments("compare/kernel-calls.mjs [--seed S] [--states N] [--state K]", {
  seed: { type: "string", default: "1" },
  states: { type: "string", default: "40" },
  state: { type: "string" },
});

const COMMANDS_OF_A_STATE = 10;
const RELEASE = "6.1.0";
const NAMES = Array.from({ length: 7 }, (_, i) => `m_${i}`);
const BUILTIN = "core";
const TOOLS = { modprobe: lcdModprobe, insmod: lcdInsmod, rmmod: lcdRmmod, lsmod: lcdLsmod };

const scratch = mkdtempSync(join(tmpdir(), "lcd-kernel-calls-"));
const library = join(scratch, "stand-in-kernel.so");
const calls = join(scratch, "calls");
const root = join(scratch, "root");
const tree = join(root, "lib/modules", RELEASE);
const state = join(scratch, "state");

const comparison = new Comparison();
try {
  run("gcc", ["-shared", "-fPIC", "-o", library, fileURLToPath(new URL("stand-in-kernel.c", import.meta.url))]);
  if (values.state !== undefined) await compareState(Number(values.state));
  else for (let i = 0; i < Number(values.states); i++) await compareState(i);
} finally {
  if (values.state === undefined) rmSync(scratch, { recursive: true, force: true });
  else console.log(`state ${values.state} is in ${scratch}`);
}
comparison.finish();

async function compareState(number) {
  const choices = new Choices(Number(values.seed) * 1_000_003 + number);
  const needs = makeTree(choices);
  makeConfiguration(choices);
  makeLoaded(choices, needs);
  for (let i = 0; i < COMMANDS_OF_A_STATE; i++) {
    const [program, ...args] = command(choices);
    const refuse = choices.chance(30)
      ? `,${choices.pick(["init", ...NAMES])}=${choices.pick([1, 2, 8, 16, 17, 22])}`
      : "";
    const theirs = kmod(program, args, refuse);
    // Soft dependencies that go in circles are too much for modprobe -r.
    if (theirs === null) continue;
    const what = `seed ${values.seed}, state ${number}: ${refuse} ${program} ${args.join(" ")}`;
    comparison.compare(program, what, theirs, await lcd(program, args, refuse));
  }
}

/** @returns what each module needs directly */
function makeTree(choices) {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  const needs = Object.fromEntries(NAMES.map((name, i) => [name, [...new Set(choices.some(NAMES.slice(0, i), 3))]]));
  for (const [name, needed] of Object.entries(needs)) {
    const module = makeModule({
      bits: choices.pick([64, 64, 32]),
      bigEndian: choices.chance(20),
      exports: [`s_${name}`],
      imports: needed.map((other) => `s_${other}`),
      versions: choices.maybe(50, { module_layout: choices.below(1 << 30) }),
      modinfo: [
        "license=GPL",
        ...choices.some(["xvermagic=1", "depends="], 2),
        choices.pick(["vermagic=6.1.0 SMP", "vermagic=", "a=b"]),
      ],
    });
    writeFileSync(join(tree, `${name.replace("_", "-")}.ko`), allocated(module));
  }
  writeFileSync(join(tree, "modules.order"), "");
  writeFileSync(join(tree, "modules.builtin"), `kernel/${BUILTIN}.ko\n`);
  writeFileSync(join(tree, "modules.builtin.modinfo"), "");
  run("depmod", ["-b", root, RELEASE]);
  return needs;
}

/** The module with all its sections in memory (SHF_ALLOC), as `__versions` is in a real one. */
function allocated(image) {
  const { class: bits, littleEndian, sections } = parseElf(image);
  const view = new DataView(image.buffer);
  const [headers, size] =
    bits === 64 ? [Number(view.getBigUint64(40, littleEndian)), 64] : [view.getUint32(32, littleEndian), 40];
  for (const { index } of sections.slice(1)) {
    const at = headers + index * size + 8;
    if (bits === 64) view.setBigUint64(at, 0x7n, littleEndian);
    else view.setUint32(at, 0x7, littleEndian);
  }
  return image;
}

function makeConfiguration(choices) {
  const one = () => choices.pick([...NAMES, BUILTIN, "nowhere"]);
  const lines = [
    () => `softdep ${one()} pre: ${one()} post: ${one()}`,
    () => `softdep ${one()} post: ${one()}`,
    () => `remove ${one()} ${choices.pick(["true", "false"])}`,
    () => `install ${one()} ${choices.pick(["true", "false"])}`,
    () => `alias ${choices.pick(["al*", "al1", "al?"])} ${one()}`,
    () => `options ${one()} ${choices.pick(["x=1", 'y="a b" z'])}`,
    () => `blacklist ${one()}`,
  ];
  mkdirSync(join(root, "conf"));
  const text = choices.some(lines, 4).map((line) => `${line()}\n`);
  writeFileSync(join(root, "conf/x.conf"), text.join(""));
}

/** Makes up a /proc/modules and a /sys/module in which some modules are loaded. */
function makeLoaded(choices, needs) {
  rmSync(state, { recursive: true, force: true });
  for (const directory of ["proc", "sys"]) mkdirSync(join(state, "empty", directory), { recursive: true });
  const directory = join(state, "loaded");
  const write = (path, text) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  const loaded = new Set(choices.some(NAMES, 4).flatMap((name) => [name, ...needs[name]]));
  const lines = [...loaded].map((name) => {
    const holders = [...loaded].filter((other) => needs[other].includes(name));
    const users = holders.length + (choices.chance(25) ? 1 : 0);
    const size = 4096 * (1 + choices.below(1 << choices.below(20)));
    write(`sys/${name}/refcnt`, `${users}\n`);
    write(`sys/${name}/coresize`, `${size}\n`);
    write(`sys/${name}/initstate`, `${choices.pick(["live", "live", "coming", "going"])}\n`);
    mkdirSync(join(directory, "sys", name, "holders"));
    for (const holder of holders) mkdirSync(join(directory, "sys", name, "holders", holder));
    return `${name} ${size} ${users} ${holders.map((holder) => `${holder},`).join("") || "-"} Live 0x0000000000000000\n`;
  });
  write("proc/modules", lines.join(""));
  write(`sys/${BUILTIN}/parameters/x`, "1\n");
}

function command(choices) {
  const names = [...NAMES, "m-3", "al1", "al2", BUILTIN, "nowhere", "symbol:s_m_1"];
  const parameters = choices.pick([[], [], ["a=1"], ["b=x y", "c"]]);
  const where = ["-C", join(root, "conf"), "-d", root, "-S", RELEASE];
  const path = () => join(tree, `m-${choices.below(8)}.ko`);
  const force = ["-f", "--force", "--force-vermagic", "--force-modversion"];
  const loading = ["-v", "-q", "-qvv", "-i", "-a", "-b", "-n", "-D", "-vv", ...force];
  const removing = ["-v", "-n", "-q", "-qv", "-i", "--first-time", "-a", "--remove-holders", "-f", "-w0"];
  return choices.pick([
    () => ["modprobe", ...where, ...choices.some(loading, 2), choices.pick(names), ...parameters],
    () => ["modprobe", ...where, "-r", ...choices.some(removing, 2), ...choices.some(names, 2)],
    () => ["modprobe", ...where, "-r", ...choices.some(removing, 2), choices.pick(names)],
    () => ["rmmod", ...choices.some(["-f", "--force", "-v", "-x"], 2), ...choices.some([...names, path()], 3)],
    () => [
      "insmod",
      ...choices.some(["-f", "-p", "-s", "-x"], 2),
      choices.pick([path(), path(), root, ""]),
      ...parameters,
    ],
    () => ["lsmod", ...choices.some(["x"], choices.pick([0, 0, 1]))],
  ])();
}

/** Where the tools see /proc and /sys/module: what is loaded already lcd-modprobe leaves to the driver to say. */
function viewOf(program, args) {
  const isLoading = program === "insmod" || (program === "modprobe" && !args.includes("-r"));
  return join(state, isLoading ? "empty" : "loaded");
}

/** @returns `null` when kmod crashed */
function kmod(program, args, refuse) {
  rmSync(calls, { force: true });
  const view = viewOf(program, args);
  const script = `mount --bind ${view}/proc /proc && mount --bind ${view}/sys /sys/module && LD_PRELOAD=${library} exec "$@"`;
  const { status, signal, stdout, stderr } = spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", program, ...args], {
    encoding: "latin1",
    env: { ...process.env, CALLS: calls, REFUSE: refuse },
    cwd: scratch,
  });
  if (signal !== null || status === null || status > 127) return null;
  const said = existsSync(calls) ? readFileSync(calls, "latin1") : "";
  return said + outcome(program, { status, stdout, stderr: withoutLibrary(stderr) }, root);
}

/** What kmod's library says with the line of its source, where the program does not rely on that. */
function withoutLibrary(stderr) {
  return stderr
    .replace(/^rmmod: ERROR: \.\.\/libkmod\/.*\n/gm, "")
    .replace(/^\w+: (INFO|DEBUG): \.\.\/libkmod\/.*\n/gm, "")
    .replace(/^\w+: ERROR: \.\.\/libkmod\/.* could not open '\/sys\/module\/.*\n/gm, "")
    .replace(/\.\.\/libkmod\/\S+ \w+\(\) /g, "");
}

async function lcd(program, args, refuse) {
  let said = "";
  const answer = (name) => -Number(new RegExp(`,${name}=(\\d+)`).exec(refuse)?.[1] ?? 0);
  const view = viewOf(program, args);
  const real = (path) => path.replace(/^\/proc\//, `${view}/proc/`).replace(/^\/sys\/module\b/, `${view}/sys`);
  const files = Object.fromEntries(
    Object.entries(nodeFiles).map(([name, act]) => [name, (path, ...rest) => act(real(path), ...rest)]),
  );
  const result = await runTool(TOOLS[program], [program, ...args], {
    files,
    cwd: scratch,
    syslog: () => {},
    deleteModule: (name, { force }) => {
      said += `delete ${name} ${force ? 0o4000 | 0o1000 : 0o4000}\n`; // O_NONBLOCK, O_TRUNC
      return answer(name);
    },
    openDevice: () => ({
      ioctl: (_, { image, options }) => {
        said += `init ${image.length} bytes ${fnv1a(image)} ${options}\n`;
        return answer("init");
      },
    }),
  });
  // kmod does not tell which module it was that could not be loaded, nor of soft dependencies, nor what it removes.
  const stderr = result.stderr
    .replace(/^rmmod: INFO: rmmod .*\n/gm, "")
    .replace(/^modprobe: INFO: could not insert .*ignored\)\n/gm, "")
    .replace(/(could not insert '.*': ).*, which it needs: /g, "$1");
  return said + outcome(program, { ...result, stderr }, root);
}

function fnv1a(bytes) {
  let hash = 2166136261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

function run(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
}
