import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { includeDirectory, sourceDirectory } from "./index.js";

/** Code of a kernel module: no host headers, no floating point, no red zone, addresses in the top 2 GiB. */
const FLAGS = [
  "-std=gnu11",
  "-O2",
  "-Wall",
  "-ffreestanding",
  "-nostdinc",
  "-fno-pic",
  "-mcmodel=kernel",
  "-mno-red-zone",
  "-mgeneral-regs-only",
  "-fno-stack-protector",
  "-fcf-protection=none",
  "-fno-asynchronous-unwind-tables",
  "-fno-strict-aliasing",
  "-fno-common",
  "-fno-tree-loop-distribute-patterns",
  "-fno-ident",
  "-D__KERNEL__",
  "-DMODULE",
];

const CLANG_FLAGS = ["-Wno-ignored-optimization-argument", "-Wno-unused-command-line-argument"];

export class CompileError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "CompileError";
    this.code = code;
  }
}

export function moduleName(file) {
  return basename(file).replace(/\.[^.]*$/, "").replaceAll("-", "_");
}

export async function findCompiler(path = process.env.PATH ?? "") {
  return findProgram(["gcc", "clang"], path, "no C compiler found: install gcc or clang, e.g. apt-get install gcc");
}

export async function compileModule(options) {
  const { sources, output, flags = [], path = process.env.PATH ?? "", withLiblcd = true } = options;
  if (sources.length === 0) throw new CompileError("ENOSOURCE", "no source file given");
  const compiler = options.compiler ?? (await findCompiler(path));
  const binutils = "install binutils, e.g. apt-get install binutils";
  const linker = await findProgram(["ld", "ld.lld"], path, `no linker found: ${binutils}`);
  const archiver = await findProgram(["ar", "llvm-ar"], path, `no archiver found: ${binutils}`);
  const workspace = await mkdtemp(join(tmpdir(), "lcd-cc-"));
  const run = (program, args, directory) => runProgram(program, args, directory, path, options.onCommand);
  const dialect = basename(compiler).includes("clang") ? CLANG_FLAGS : [];
  const common = [...FLAGS, ...dialect, `-I${includeDirectory}`];
  try {
    const name = options.name ?? moduleName(output);
    const nameFlag = `-DKBUILD_MODNAME="${name}"`;
    const messages = [];
    const compile = async (directory, files, extra) => {
      const place = join(workspace, directory);
      await mkdir(place);
      const args = [...common, nameFlag, ...extra, "-c", ...files.map((file) => resolve(file))];
      messages.push(await run(compiler, args, place));
      return (await readdir(place)).sort().map((file) => join(place, file));
    };
    const objects = await compile("module", sources, flags);
    const frame = await compile("frame", [join(sourceDirectory, "this-module.c")], []);
    const library = withLiblcd ? [await archiveLiblcd(compile, archiver, run, workspace)] : [];
    const linked = join(workspace, "linked.ko");
    const linkArgs = ["-r", "--build-id=none", "-o", linked, ...objects, ...frame, ...library];
    messages.push(await run(linker, linkArgs, workspace));
    await copyFile(linked, output);
    return { name, output, warnings: messages.join("") };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/** An archive, so that a module takes only what it uses. */
async function archiveLiblcd(compile, archiver, run, workspace) {
  const all = (await readdir(sourceDirectory)).sort();
  const files = all.filter((file) => file.endsWith(".c") && file !== "this-module.c");
  const objects = await compile(
    "liblcd",
    files.map((file) => join(sourceDirectory, file)),
    [],
  );
  const archive = join(workspace, "liblcd.a");
  await run(archiver, ["rcsD", archive, ...objects], workspace);
  return archive;
}

async function findProgram(names, path, otherwise) {
  for (const name of names) {
    for (const directory of path.split(delimiter)) {
      const file = join(directory, name);
      if (directory !== "" && (await isExecutable(file))) return file;
    }
  }
  throw new CompileError("ENOCOMPILER", otherwise);
}

async function isExecutable(file) {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Resolves to what the program said; rejects with it when the program fails. */
function runProgram(program, args, cwd, path, onCommand) {
  onCommand?.([program, ...args]);
  // English messages, and the same output wherever it runs.
  const env = { PATH: path, LC_ALL: "C", TMPDIR: dirname(cwd), SOURCE_DATE_EPOCH: "0" };
  return new Promise((done, failed) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const text = stdout + stderr;
      if (!error) done(text);
      else failed(new CompileError("EFAILED", text.trim() === "" ? `${program}: ${error.message}` : text.trimEnd()));
    });
  });
}
