import { errorCodeOf } from "../errno";
import { FileError, type ToolFiles } from "../files/files";
import { kindAt } from "../files/kind";
import { linesOf, readTextIfPresent } from "../tree/text";

/** A module that a kernel has loaded. */
export interface LoadedModule {
  readonly name: string;
  /** Bytes in memory. */
  readonly size: number;
  /** How many users it has, -1 while it is being taken out; null when this kernel cannot take modules out. */
  readonly users: number | null;
  /** Modules that use it. */
  readonly holders: readonly string[];
}

/**
 * The modules that are loaded, the newest first, from `/proc/modules` and `/sys/module`. Where there is no `/sys/module`
 * the columns of `/proc/modules` have the same.
 *
 * @throws FileError ENOENT when there is no `/proc/modules`
 */
export async function loadedModules(files: ToolFiles): Promise<LoadedModule[]> {
  const text = await readTextIfPresent(files, "/proc/modules");
  if (text === null) throw new FileError("ENOENT", "there is no /proc/modules");
  return Promise.all(
    linesOf(text)
      .flatMap(parseLine)
      .map((module) => withSysfs(files, module)),
  );
}

/** A module by its normalized name; null when it is not loaded. */
export async function loadedModule(files: ToolFiles, name: string): Promise<LoadedModule | null> {
  const text = (await readTextIfPresent(files, "/proc/modules")) ?? "";
  const [module] = linesOf(text)
    .filter((line) => line.startsWith(`${name} `))
    .flatMap(parseLine);
  if (module !== undefined) return withSysfs(files, module);
  if ((await kindAt(files, `/sys/module/${name}`)) !== "directory") return null;
  return withSysfs(files, { name, size: 0, users: null, holders: [] });
}

/** `ext4 983040 1 jbd2,mbcache, Live 0x0`; `-` when nobody uses it. */
function parseLine(line: string): LoadedModule[] {
  const [, name, size, users, holders = ""] = /^(\S+) (\d+) (-?\d+|-) (\S+)/.exec(line) ?? [];
  if (name === undefined) return [];
  // `[permanent]` stands among the holders of a module that cannot be taken out.
  const names = holders.split(",").filter((holder) => holder !== "" && holder !== "-" && !holder.startsWith("["));
  return [{ name, size: Number(size), users: users === "-" ? null : Number(users), holders: names }];
}

async function withSysfs(files: ToolFiles, module: LoadedModule): Promise<LoadedModule> {
  const directory = `/sys/module/${module.name}`;
  if ((await kindAt(files, directory)) !== "directory") return module;
  const [size, users, holders] = await Promise.all([
    readNumber(files, `${directory}/coresize`),
    readNumber(files, `${directory}/refcnt`),
    names(files, `${directory}/holders`),
  ]);
  return { name: module.name, size: size ?? module.size, users, holders: holders ?? [] };
}

async function readNumber(files: ToolFiles, path: string): Promise<number | null> {
  const number = Number.parseInt((await readTextIfPresent(files, path)) ?? "", 10);
  return Number.isNaN(number) ? null : number;
}

async function names(files: ToolFiles, directory: string): Promise<string[] | null> {
  try {
    return (await files.readDirectory(directory)).map(({ name }) => name);
  } catch (error) {
    if (errorCodeOf(error) === "ENOENT") return null;
    throw error;
  }
}
