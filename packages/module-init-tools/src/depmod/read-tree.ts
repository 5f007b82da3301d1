import { ElfError } from "elf-image";
import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { brokenModuleText } from "../tree/broken-module";
import { readModule } from "../tree/read-module";
import type { GraphModule } from "./dependency-graph";
import { type FoundModule, locationOf } from "./find-modules";
import { type ModuleFacts, readModuleFacts } from "./module-facts";

/** Modules that are read at the same time: enough to keep a disk busy, few enough to stay small in memory. */
const READ_AT_ONCE = 8;

const NOTHING: ModuleFacts = { exports: [], imports: [], modinfo: [] };

/** Reads every module. One that cannot be read is reported and counts as having no symbols, as with kmod. */
export async function readModuleTree(
  files: ToolFiles,
  directory: string,
  modules: readonly FoundModule[],
  log: Log,
): Promise<GraphModule[]> {
  const read: (GraphModule & { readonly error: string | null })[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < modules.length; index = next++) {
      const module = modules[index];
      if (module !== undefined) read[index] = { ...module, ...(await factsOf(files, locationOf(module, directory))) };
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, worker));
  for (const { error, ...module } of read) {
    if (error !== null) log.error(`failed to load symbols from ${locationOf(module, directory)}: ${error}`);
  }
  return read;
}

async function factsOf(files: ToolFiles, path: string): Promise<{ facts: ModuleFacts; error: string | null }> {
  let bytes: Uint8Array | null = null;
  try {
    bytes = await readModule(files, path);
    return { facts: readModuleFacts(bytes), error: null };
  } catch (error) {
    if (error instanceof ElfError) return { facts: NOTHING, error: `${brokenModuleText(bytes)} (${error.message})` };
    if (errorCodeOf(error) === null && !(error instanceof ToolError)) throw error;
    return { facts: NOTHING, error: describeError(error) };
  }
}
