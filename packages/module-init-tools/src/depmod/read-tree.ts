import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { readModule } from "../tree/read-module";
import type { GraphModule } from "./dependency-graph";
import type { FoundModule } from "./find-modules";
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
  const read: GraphModule[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < modules.length; index = next++) {
      const module = modules[index];
      if (module !== undefined)
        read[index] = { ...module, facts: await factsOf(files, `${directory}/${module.path}`, log) };
    }
  };
  await Promise.all(Array.from({ length: READ_AT_ONCE }, worker));
  return read;
}

async function factsOf(files: ToolFiles, path: string, log: Log): Promise<ModuleFacts> {
  try {
    return readModuleFacts(await readModule(files, path));
  } catch (error) {
    if (errorCodeOf(error) === null && !(error instanceof ToolError)) throw error;
    const why = error instanceof Error && errorCodeOf(error) === "ENOEXEC" ? error.message : describeError(error);
    log.error(`failed to load symbols from ${path}: ${why}`);
    return NOTHING;
  }
}
