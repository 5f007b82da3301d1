// Compares what lcd-modprobe and lcd-depmod read where nobody names a configuration with what kmod's tools read there: the
// directories of modprobe.d and depmod.d, the kernel's command line, and MODPROBE_OPTIONS. All of them are drawn by a seed,
// in a mount namespace of their own, which nobody else sees. Needs Linux with user namespaces, kmod and a built package.
//
//   node compare/places.mjs [--seed S] [--states N] [--state K]
//
// `--state K` repeats one state of a seed and shows its configuration.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { lcdDepmod, lcdModprobe } from "module-init-tools";
import { makeModule } from "module-init-tools/testing";
import { readArguments } from "./arguments.mjs";
import { Choices } from "./choices.mjs";
import { Comparison, outcome, runTool } from "./comparison.mjs";
import { oddCommandLine, oddDepmodConfig, oddModprobeConfig, oddOptions } from "./odd-configuration.mjs";

const { values } = readArguments("compare/places.mjs [--seed S] [--states N] [--state K]", {
  seed: { type: "string", default: "1" },
  states: { type: "string", default: "100" },
  state: { type: "string" },
});

const COMMANDS_OF_A_STATE = 6;
/** Milliseconds for one run of a tool of kmod. */
const TIMEOUT = 2_000;
/** Where the namespace is made; the first run of this program makes it and starts the second one in it. */
const scratch = process.env.LCD_PLACES ?? mkdtempSync(join(tmpdir(), "lcd-places-"));
const isInside = process.env.LCD_PLACES !== undefined;

/** Directories of this machine that the namespace has its own of. Others are not there on every Debian. */
const PLACES = ["/etc/modprobe.d", "/run", "/usr/local/lib", "/lib/modprobe.d", "/proc"];
const MODPROBE_DIRECTORIES = ["/etc", "/run", "/usr/local/lib", "/lib"].map((place) => `${place}/modprobe.d`);
const DEPMOD_DIRECTORIES = ["/run/depmod.d", "/usr/local/lib/depmod.d"];

const root = join(scratch, "root");
const tree = join(root, "lib/modules", release());
const comparison = new Comparison();
if (isInside) await compareStates();
else runInNamespace();

function runInNamespace() {
  const mounts = PLACES.map((place) => {
    const own = join(scratch, "own", place);
    mkdirSync(own, { recursive: true });
    return `mount --bind ${own} ${place}`;
  });
  const script = `${mounts.join(" && ")} && exec "$@"`;
  const { status } = spawnSync(
    "unshare",
    ["-rm", "sh", "-c", script, "sh", process.execPath, ...process.argv.slice(1)],
    {
      stdio: "inherit",
      env: { ...process.env, LCD_PLACES: scratch },
    },
  );
  rmSync(scratch, { recursive: true, force: true });
  process.exitCode = status ?? 1;
}

async function compareStates() {
  makeTree();
  if (values.state !== undefined) await compareState(Number(values.state));
  else for (let i = 0; i < Number(values.states); i++) await compareState(i);
  comparison.finish();
}

function makeTree() {
  const modules = {
    "kernel/a.ko": makeModule({ exports: ["a1"], imports: ["b1"], modinfo: ["alias=pci:v*d1"] }),
    "kernel/b.ko": makeModule({ exports: ["b1", "b2"], modinfo: ["alias=net-pf-1*", "softdep=pre: c"] }),
    "kernel/c.ko": makeModule({ exports: ["c1"], modinfo: ["alias=fs-c"] }),
    "updates/c.ko": makeModule({ exports: ["c1"], modinfo: ["alias=fs_d"] }),
    "extra/crc-z.ko": makeModule({ imports: ["c1", "b2"], modinfo: ["alias=x[a-c]*"] }),
    "modules.order": "",
    "modules.builtin": "kernel/m_1.ko\n",
    "modules.builtin.modinfo": "m_1.alias=net-pf-9\0",
  };
  for (const [path, content] of Object.entries(modules)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
  spawnSync("depmod", ["-b", root, release()]);
}

async function compareState(number) {
  const choices = new Choices(Number(values.seed) * 1_000_003 + number);
  for (const directory of MODPROBE_DIRECTORIES) fill(directory, choices, oddModprobeConfig);
  for (const directory of DEPMOD_DIRECTORIES) fill(directory, choices, oddDepmodConfig);
  writeFileSync("/proc/cmdline", oddCommandLine(choices));
  if (values.state !== undefined) {
    console.log(spawnSync("head", ["-v", "-n", "-0", "/proc/cmdline", ...everyFile()], { encoding: "utf8" }).stdout);
  }
  for (let i = 0; i < COMMANDS_OF_A_STATE; i++) {
    const [program, tool, args] = choices.chance(75)
      ? ["modprobe", lcdModprobe, modprobeCommand(choices)]
      : ["depmod", lcdDepmod, ["-n", "-b", root, ...choices.some(["-w", release()], 1)]];
    const variables = choices.chance(20) ? { MODPROBE_OPTIONS: oddOptions(choices) } : {};
    const theirs = kmod(program, args, variables);
    // Lines that go on after a backslash are too much for depmod.
    if (theirs === null) continue;
    const what = `seed ${values.seed}, state ${number}: ${JSON.stringify(variables)} ${program} ${args.join(" ")}`;
    comparison.compare(program, what, theirs, await lcd(program, tool, args, variables));
  }
}

/** Files with names that are in several directories, some of them no configuration. */
function fill(directory, choices, makeConfig) {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  const names = [
    "a.conf",
    "b.conf",
    "b.conf",
    "modules.softdep.conf",
    ".hidden.conf",
    "c.conf~",
    "UP.conf",
    "\u00e9.conf",
  ];
  for (const name of new Set(choices.some([...names, "x.alias", "y", "modules.softdep"], 4))) {
    const path = join(directory, name);
    const kind = choices.below(25);
    if (kind === 0) mkdirSync(path);
    else if (kind === 1) symlinkSync("/dev/null", path);
    else writeFileSync(path, makeConfig(choices));
  }
}

function everyFile() {
  const directories = [...MODPROBE_DIRECTORIES, ...DEPMOD_DIRECTORIES];
  return directories.flatMap((directory) => readdirSync(directory).map((name) => join(directory, name)));
}

function modprobeCommand(choices) {
  const main = choices.pick([
    ["-c"],
    ["-c"],
    ["-D"],
    ["-R"],
    ["-nv"],
    ["-Da"],
    ["-Ra"],
    ["-rnv"],
    ["--show-conf"],
    ["-Db"],
  ]);
  const more = choices.pick([[], [], [], ["-q"], ["-i"], ["-d", `${root}/`], ["--first-time"]]);
  const words = [
    "a",
    "b",
    "c",
    "crc-z",
    "m_1",
    "pci:vd1",
    "net-pf-10",
    "fs-c",
    "xa-1",
    "symbol:a1",
    "none",
    "\u00e9",
    "",
  ];
  const asked = choices.chance(90) ? [choices.pick(words)] : [];
  return ["-d", root, ...main, ...more, ...asked, ...choices.some(["p=1", "q=a b", "", ...words], 2)];
}

/** @returns `null` when kmod crashed or did not end */
function kmod(program, args, variables) {
  const env = { ...process.env, ...variables };
  const run = spawnSync(program, args, { cwd: scratch, encoding: "latin1", env, timeout: TIMEOUT });
  return run.signal === null ? outcome(program, run, root) : null;
}

async function lcd(program, tool, args, variables) {
  const changes = { cwd: scratch, syslog: () => {}, variables: { ...process.env, ...variables } };
  return outcome(program, await runTool(tool, [program, ...args], changes), root);
}
