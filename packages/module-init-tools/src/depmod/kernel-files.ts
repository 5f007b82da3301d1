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

const EXPORT_PREFIX = "__ksymtab_";

/**
 * The symbols that the kernel itself exports, from its `System.map` (`address type name` in each line).
 *
 * @throws what the file system throws
 */
export async function kernelSymbols(files: ToolFiles, path: string): Promise<ReadonlySet<string>> {
  const text = new TextDecoder().decode(await files.readFile(path));
  // The loader makes this one for every module.
  const symbols = new Set(["__this_module"]);
  for (const line of linesOf(text)) {
    const name = line.split(" ")[2];
    if (name?.startsWith(EXPORT_PREFIX)) symbols.add(name.slice(EXPORT_PREFIX.length));
  }
  return symbols;
}
