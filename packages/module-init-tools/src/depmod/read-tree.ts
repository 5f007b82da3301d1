import { ElfError, NamePool } from "elf-image";
import type { Log } from "../command/log";
import { isCompressed } from "../compression/decompress";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { brokenModuleText } from "../tree/broken-module";
import { readModule } from "../tree/read-module";
import type { GraphModule } from "./dependency-graph";
import { type FoundModule, locationOf } from "./find-modules";
import { type ModuleFacts, type ReadFactsOptions, readModuleFacts } from "./module-facts";

/** Modules that are read at the same time: enough to keep a disk busy, few enough to stay small in memory. */
const READ_AT_ONCE = 8;

const NOTHING: ModuleFacts = {
  exports: [],
  imports: [],
  weakImports: [],
  versions: new Map(),
  offeredVersions: new Map(),
  modinfo: [],
};

interface FactsRead {
  readonly facts: ModuleFacts;
  readonly error: string | null;
}

/** Reads every module. One that cannot be read is reported and counts as having no symbols, as with kmod. */
export async function readModuleTree(
  files: ToolFiles,
  directory: string,
  modules: readonly FoundModule[],
  log: Log,
  options: ReadFactsOptions = {},
): Promise<GraphModule[]> {
  const pool = new NamePool();
  const read: (GraphModule & FactsRead)[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < modules.length; index = next++) {
      const module = modules[index];
      if (module !== undefined)
        read[index] = {
          ...module,
          ...(await readFacts(files, locationOf(module, directory), { pool, ...options })),
        };
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, worker));
  for (const { error, ...module } of read) {
    if (error !== null) log.error(`failed to load symbols from ${locationOf(module, directory)}: ${error}`);
  }
  return read;
}

async function readFacts(files: ToolFiles, path: string, options: ReadFactsOptions): Promise<FactsRead> {
  try {
    const read = files.withFile?.(path, (bytes) => (isCompressed(bytes) ? null : factsOf(bytes, options)));
    return read ?? factsOf(await readModule(files, path), options);
  } catch (error) {
    if (errorCodeOf(error) === null && !(error instanceof ToolError)) throw error;
    return { facts: NOTHING, error: describeError(error) };
  }
}

function factsOf(bytes: Uint8Array, options: ReadFactsOptions): FactsRead {
  try {
    return { facts: readModuleFacts(bytes, options), error: null };
  } catch (error) {
    if (error instanceof ElfError) return { facts: NOTHING, error: `${brokenModuleText(bytes)} (${error.message})` };
    throw error;
  }
}
