import type { Log } from "../command/log";
import type { ToolEnvironment } from "../environment";
import type { GraphModule } from "./dependency-graph";
import { type FoundModule, locationOf } from "./find-modules";
import { factsReader } from "./read-facts";

/** What says of files how they are read, and of progress who hears of it. */
export type TreeReader = Pick<ToolEnvironment, "files" | "readFacts" | "progress">;

/**
 * Reads every module. One that cannot be read is reported and counts as having no symbols, as with kmod.
 *
 * @param versions whether to read the checksums of symbols
 */
export async function readModuleTree(
  reader: TreeReader,
  directory: string,
  modules: readonly FoundModule[],
  log: Log,
  versions = false,
): Promise<GraphModule[]> {
  const paths = modules.map((module) => locationOf(module, directory));
  const readFacts = reader.readFacts ?? factsReader(reader.files);
  const progress = (done: number) => reader.progress?.("Reading modules", done, paths.length);
  const read = await readFacts(paths, { versions, progress });
  progress(paths.length);
  return modules.map((module, index) => {
    const answer = read[index];
    if (answer === undefined) throw new Error(`no answer came for module ${index} of ${modules.length}`);
    if (answer.error !== null) log.error(`failed to load symbols from ${paths[index]}: ${answer.error}`);
    return { ...module, facts: answer.facts };
  });
}
