import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ElfError, parseElf, readModinfo } from "elf-image";
import { prebuiltDirectory } from "liblcd";
import {
  DecompressError,
  decompressModule,
  isModuleFile,
  lcdDepmod,
  type MemoryFiles,
  type ModuleFacts,
  memoryFiles,
  moduleNameOfPath,
  readModuleFacts,
} from "module-init-tools";
import { CommandError } from "../errors";
import { readBytes } from "../read-bytes";
import { HOST_RELEASE, HOST_TREE, type ModuleSource } from "./module-source";

interface Found {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** `null` when it cannot be understood: the loader will say why. */
  readonly facts: ModuleFacts | null;
}

/**
 * A module file and what it needs of the other module files in its directory, as a tree in memory with a `modules.dep`
 * of its own. Other files, however broken they are, do no harm.
 *
 * @throws CommandError when the modules need each other in a circle, or a file is compressed and damaged
 */
export async function sourceBeside(path: string): Promise<ModuleSource> {
  const target = await readFound(path);
  const files = memoryFiles();
  add(files, target);
  const needed = await neededBeside(target);
  for (const module of needed) add(files, module);
  const name = nameOf(target);
  if (needed.length > 0) await index(files);
  else files.add(`${HOST_TREE}/modules.dep`, `${name}.ko:\n`);
  return { name, files, directory: dirname(path) };
}

/** A module's own name, which its file need not have. */
function nameOf({ path, bytes, facts }: Found): string {
  const modinfo = facts === null ? [] : readModinfo(parseElf(bytes, { tolerant: true }), ["name"]);
  const own = modinfo[0]?.[1];
  return own !== undefined && /^\w+$/.test(own) ? own : moduleNameOfPath(path);
}

function add(files: MemoryFiles, found: Found): void {
  files.add(`${HOST_TREE}/${nameOf(found)}.ko`, found.bytes);
}

async function readFound(path: string): Promise<Found> {
  const bytes = await decompress(path, readBytes(path));
  try {
    return { path, bytes, facts: readModuleFacts(bytes) };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return { path, bytes, facts: null };
  }
}

async function decompress(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  try {
    return await decompressModule(bytes);
  } catch (error) {
    if (!(error instanceof DecompressError)) throw error;
    throw new CommandError(`${path}: ${error.message}`, undefined, "EINVAL");
  }
}

/** Follows imports from module to module. */
async function neededBeside(target: Found): Promise<Found[]> {
  const missing = importsOf(target);
  if (missing.length === 0) return [];
  const runtime = await readFound(join(prebuiltDirectory, "lcd-runtime.ko"));
  const provided = new Set(runtime.facts?.exports);
  const wanted = missing.filter((symbol) => !provided.has(symbol));
  if (wanted.length === 0) return [];
  const exporters = await exportersBeside(target);
  const needed = new Set<Found>();
  for (const symbol of wanted) {
    const exporter = exporters.get(symbol);
    if (provided.has(symbol) || exporter === undefined || exporter === target || needed.has(exporter)) continue;
    needed.add(exporter);
    for (const further of importsOf(exporter)) wanted.push(further);
  }
  return [...needed];
}

function importsOf({ facts }: Found): readonly string[] {
  return facts?.imports ?? [];
}

/** Who exports what in the directory; a module that cannot be read exports nothing, and nor does a pipe. */
async function exportersBeside(target: Found): Promise<Map<string, Found>> {
  const directory = dirname(target.path);
  const exporters = new Map<string, Found>();
  const names = readdirSync(directory)
    .filter((name) => isModuleFile(name))
    .sort();
  for (const path of names.map((name) => join(directory, name))) {
    const found = path === target.path ? target : await readNeighbour(path).catch(() => null);
    for (const symbol of found?.facts?.exports ?? []) {
      if (found !== null && !exporters.has(symbol)) exporters.set(symbol, found);
    }
  }
  return exporters;
}

/** Nobody has asked for it: to read a pipe would be to wait for somebody who writes. */
async function readNeighbour(path: string): Promise<Found | null> {
  return statSync(path).isFile() ? readFound(path) : null;
}

/** Runs depmod in the tree. */
async function index(files: MemoryFiles): Promise<void> {
  let said = "";
  const say = (text: string): void => {
    said += text;
  };
  const openDevice = async (): Promise<never> => {
    throw new CommandError("depmod wanted to open a device");
  };
  const code = await lcdDepmod(["depmod"], {
    files,
    stdout: say,
    stderr: say,
    release: HOST_RELEASE,
    openDevice,
  });
  if (code !== 0) throw new CommandError(said.replaceAll(`${HOST_TREE}/`, "").trimEnd(), undefined, "ELOOP");
}
