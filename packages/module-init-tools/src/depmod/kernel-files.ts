import type { Log } from "../command/log";
import { errorText } from "../errno";
import type { ToolFiles } from "../files/files";
import { linesOf, readTextIfPresent } from "../tree/text";

/** A file that the kernel's build leaves in the tree; a warning and null when it is not there. */
export async function readIndexOrWarn(
  files: ToolFiles,
  directory: string,
  name: string,
  log: Log,
): Promise<string | null> {
  const text = await readTextIfPresent(files, `${directory}/${name}`);
  if (text === null) log.warning(`could not open ${name} at ${directory}: ${errorText("ENOENT")}`);
  return text;
}

/** The kernel's own symbols with the versions of their declarations; null where those are not known. */
export type KernelSymbols = ReadonlyMap<string, bigint | null>;

/** The loader makes this one for every module. */
const OWN_SYMBOL = "__this_module";

const EXPORT_PREFIX = "__ksymtab_";

/**
 * The symbols that the kernel itself exports, from its `System.map` (`address type name` in each line).
 *
 * @param symbolPrefix a character before every symbol, on architectures that have one
 * @throws what the file system throws
 */
export async function symbolsOfSystemMap(files: ToolFiles, path: string, symbolPrefix: string): Promise<KernelSymbols> {
  const symbols = new Map<string, bigint | null>([[OWN_SYMBOL, null]]);
  for (const line of linesOf(new TextDecoder().decode(await files.readFile(path)))) {
    const [, , written = ""] = line.split(" ");
    const name = written.startsWith(symbolPrefix) ? written.slice(symbolPrefix.length) : written;
    if (name.startsWith(EXPORT_PREFIX)) symbols.set(name.slice(EXPORT_PREFIX.length), null);
  }
  return symbols;
}

/**
 * The symbols that the kernel itself exports, from `Module.symvers` (version, name, file, ... between tabs).
 *
 * @throws what the file system throws
 */
export async function symbolsOfSymvers(files: ToolFiles, path: string): Promise<KernelSymbols> {
  const symbols = new Map<string, bigint | null>([[OWN_SYMBOL, null]]);
  for (const line of linesOf(new TextDecoder().decode(await files.readFile(path)))) {
    const [version = "", name = "", file] = line.split("\t");
    if (file === "vmlinux" && /^0x[0-9a-f]+$/i.test(version)) symbols.set(name, BigInt(version));
  }
  return symbols;
}
