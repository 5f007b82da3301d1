import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
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
  "-fno-ident",
  "-D__KERNEL__",
  "-DMODULE",
];

/** Without it gcc finds that the loop of strlen could be replaced by a call of strlen. */
const GCC_FLAGS = ["-fno-tree-loop-distribute-patterns"];

/** Compiled into every module, and into no archive. */
const FRAME = "this-module.c";

const INSTALL_COMPILER = "install gcc or clang, e.g. apt-get install gcc";
const INSTALL_BINUTILS = "install binutils, e.g. apt-get install binutils";

export class CompileError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "CompileError";
    this.code = code;
  }
}

export function moduleName(file) {
  return stem(file).replaceAll("-", "_");
}

export async function findCompiler(path = process.env.PATH ?? "") {
  return findProgram(["gcc", "clang"], path, `no C compiler found: ${INSTALL_COMPILER}`);
}

export async function compileObjects(options) {
  const { sources, directory, name, flags = [], path = process.env.PATH ?? "" } = options;
  requireNames(sources);
  const compiler = options.compiler ?? (await findCompiler(path));
  const dialect = basename(compiler).includes("clang") ? [] : GCC_FLAGS;
  await mkdir(directory, { recursive: true });
  const always = [...FLAGS, ...dialect, `-I${includeDirectory}`, `-DKBUILD_MODNAME="${name}"`];
  const files = sources.map((file) => resolve(file));
  const warnings = await runProgram(
    compiler,
    [...always, ...flags, "-c", ...files],
    directory,
    path,
    options.onCommand,
  );
  if (warnings !== "") options.onWarning?.(warnings);
  return (await readdir(directory)).sort().map((file) => join(directory, file));
}

export async function archiveLiblcd(options) {
  const { output, path = process.env.PATH ?? "" } = options;
  const archiver = await findProgram(["ar", "llvm-ar"], path, `no archiver found: ${INSTALL_BINUTILS}`);
  await inWorkspace(async (workspace) => {
    const directory = join(workspace, "objects");
    const objects = await compileObjects({ ...options, sources: await liblcdSources(), directory, name: "liblcd" });
    const archive = join(workspace, "liblcd.a");
    await runProgram(archiver, ["rcsD", archive, ...objects], workspace, path, options.onCommand);
    await copyFile(archive, output);
  });
}

export async function compileModule(options) {
  const { sources, output, flags = [], path = process.env.PATH ?? "", withLiblcd = true } = options;
  requireSources(sources);
  const name = options.name ?? moduleName(output);
  if (!/^\w+$/.test(name))
    throw new CompileError("ENAME", `"${name}" is no name for a module: letters, digits, - and _`);
  const linker = await findProgram(["ld", "ld.lld"], path, `no linker found: ${INSTALL_BINUTILS}`);
  let warnings = "";
  const onWarning = (text) => {
    warnings += text;
  };
  await inWorkspace(async (workspace) => {
    const compile = (files, directory, extra) =>
      compileObjects({
        ...options,
        sources: files,
        directory: join(workspace, directory),
        name,
        flags: extra,
        onWarning,
      });
    const objects = await compile(sources, "module", flags);
    const frame = await compile([join(sourceDirectory, FRAME)], "frame", []);
    const library = withLiblcd ? [resolve(options.library ?? join(workspace, "liblcd.a"))] : [];
    if (withLiblcd && options.library === undefined) {
      await archiveLiblcd({ ...options, output: library[0], flags: [], onWarning });
    }
    const linked = join(workspace, "linked.ko");
    const linkArgs = ["-r", "--build-id=none", "-o", linked, ...objects, ...frame, ...library];
    warnings += await runProgram(linker, linkArgs, workspace, path, options.onCommand);
    // The error of copyFile would name the other file.
    await writeFile(output, await readFile(linked));
  });
  return { name, output, warnings };
}

/** What else it is given, gcc takes for the linker's, and compiles nothing. */
function requireSources(sources) {
  if (sources.length === 0) throw new CompileError("ENOSOURCE", "no source file given");
  const other = sources.find((file) => !/\.[cisS]$/.test(file));
  if (other === undefined) return;
  throw new CompileError("ENOSOURCE", `${other} is no C or assembly file: their names end in .c, .i, .s or .S`);
}

/** The compiler names an object file after its source, and writes over one that it has made before. */
function requireNames(sources) {
  const names = sources.map(stem);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new CompileError("ENOSOURCE", `two sources are called ${twice}: their object files would have one name`);
}

/** A file's name without folder and suffix. */
function stem(file) {
  return basename(file).replace(/\.[^.]*$/, "");
}

/** Gives `work` a folder that is gone afterwards. */
async function inWorkspace(work) {
  const workspace = await mkdtemp(join(tmpdir(), "lcd-cc-"));
  try {
    await work(workspace);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function liblcdSources() {
  const files = (await readdir(sourceDirectory)).filter((file) => file.endsWith(".c") && file !== FRAME);
  return files.sort().map((file) => join(sourceDirectory, file));
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
  // Messages in English, and the same output wherever it runs.
  const env = { PATH: path, LC_ALL: "C", TMPDIR: cwd };
  return new Promise((done, failed) => {
    execFile(program, args, { cwd, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const text = stdout + stderr;
      if (!error) done(text);
      else if (error.code === "ENOENT") failed(new CompileError("ENOCOMPILER", `there is no program ${program}`));
      else failed(new CompileError("EFAILED", text.trim() === "" ? `${program}: ${error.message}` : text.trimEnd()));
    });
  });
}
