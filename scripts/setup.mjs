// Makes the repository ready to run, with nothing but Node and npm: packages installed, everything built.
// Each step runs only when what it depends on changed since it last succeeded.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const PNPM = "pnpm@10.34.8";
const OLDEST_NODE = [20, 19];
const STAMPS = join(root, "node_modules", ".cache", "lcd");

/** A failure whose message tells a person what to do. */
export class SetupError extends Error {}

/** Installs and builds as far as needed. Throws SetupError. */
export async function setup() {
  checkNode();
  await step("install", {
    inputs: installInputs(),
    results: [join(root, "node_modules", ".modules.yaml")],
    sentence: "Installing the packages this repository uses (pnpm, from the npm registry)",
    work: install,
  });
  await step("build", {
    inputs: buildInputs(),
    results: builtFolders().map((folder) => join(root, folder, "dist")),
    sentence: "Building",
    work: build,
  });
}

/** Runs `work`, and turns what a person can do something about into a sentence and exit code 1. */
export async function runScript(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    const sentence = sentenceFor(error);
    if (sentence === null) throw error;
    console.error(`\nlcd: ${sentence}`);
    process.exitCode = 1;
  }
}

/** `null` for what was not meant to happen. */
function sentenceFor(error) {
  if (error instanceof SetupError || error.name === "UsageError") return error.message;
  if (error.code?.startsWith("ERR_PARSE_ARGS")) return `${error.message}; --help says what there is`;
  if (error.code === "ENOENT" && error.syscall?.startsWith("spawn")) return `${error.path} is not installed`;
  return null;
}

/** Runs a command with the repository's tools on the PATH; resolves to the exit code and the end of the output. */
export function run(command, args, { quiet = false, capture = false, cwd = root } = {}) {
  const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  const stdio = capture ? ["inherit", "pipe", "pipe"] : "inherit";
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio, shell: process.platform === "win32" });
    let output = "";
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream?.on("data", (chunk) => {
        output = (output + chunk).slice(-100_000);
        if (!quiet) target.write(chunk);
      });
    }
    child.on("error", (error) => reject(new SetupError(`cannot run ${command}: ${error.message}`)));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new SetupError(
    `Node ${process.versions.node} is too old: LCD needs ${OLDEST_NODE.join(".")} or newer. Get one from https://nodejs.org/.`,
  );
}

async function step(name, { inputs, results, sentence, work }) {
  const stamp = join(STAMPS, name);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === inputs && results.every((file) => existsSync(file))) return;
  console.error(`lcd: ${sentence} ...`);
  const start = Date.now();
  await work();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stamp, inputs);
  console.error(`lcd: ... done in ${((Date.now() - start) / 1000).toFixed(1)} s.`);
}

async function install() {
  const { code, output } = await run("npx", ["--yes", PNPM, "install", "--frozen-lockfile"], {
    capture: true,
    quiet: true,
  });
  if (code === 0) return;
  console.error(output.trimEnd());
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_PNPM_META_FETCH_FAIL/.test(output)) {
    throw new SetupError(
      "the npm registry cannot be reached. The first run needs it: check the network (or `npm config get registry` and proxy) and run this again.",
    );
  }
  if (/ERR_PNPM_OUTDATED_LOCKFILE/.test(output)) {
    throw new SetupError(
      `pnpm-lock.yaml does not match a package.json. Run \`npx ${PNPM} install\` and commit the lock file.`,
    );
  }
  if (/ENOSPC/.test(output))
    throw new SetupError("the disk is full. Free some space (about 400 MB) and run this again.");
  if (/EACCES|EPERM/.test(output))
    throw new SetupError(`${root} or the npm cache is not writable for you; see the lines above.`);
  throw new SetupError(`the install failed (exit code ${code}); see the lines above.`);
}

async function build() {
  const args = ["run", "build", "--output-logs=errors-only", "--ui=stream"];
  const { code, output } = await run("turbo", args, { capture: true, quiet: true });
  if (code === 0) return;
  console.error(output.trimEnd());
  throw new SetupError("the build failed; the first error above says where.");
}

function installInputs() {
  const files = [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    ...packageFolders().map((folder) => join(folder, "package.json")),
  ];
  const hash = createHash("sha256").update(process.version);
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Sources are compared by size and modification time: a few milliseconds for the whole tree. */
function buildInputs() {
  const hash = createHash("sha256").update(installInputs());
  for (const file of ["tsconfig.base.json", "tsup.shared.ts"]) hash.update(readFileSync(join(root, file)));
  for (const folder of builtFolders()) {
    hash.update(readFileSync(join(root, folder, "tsup.config.ts")));
    addTree(hash, join(root, folder, "src"));
    addTree(hash, join(root, folder, "build"));
  }
  addTree(hash, join(root, "build"));
  return hash.digest("hex");
}

function addTree(hash, folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder, { recursive: true }).sort()) {
    if (name.endsWith(".test.ts") || !name.endsWith(".ts")) continue;
    const { size, mtimeMs } = statSync(join(folder, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
}

function builtFolders() {
  return packageFolders().filter((folder) => existsSync(join(root, folder, "tsup.config.ts")));
}

function packageFolders() {
  return ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent))
      .map((name) => join(parent, name))
      .filter((folder) => existsSync(join(root, folder, "package.json"))),
  );
}
