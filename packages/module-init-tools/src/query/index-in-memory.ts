import { encodeText } from "elf-image";
import type { Log } from "../command/log";
import { findCycles } from "../depmod/cycles";
import { DependencyGraph } from "../depmod/dependency-graph";
import { makeIndexes } from "../depmod/make-indexes";
import { readModuleTree, type TreeReader } from "../depmod/read-tree";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { modulesOfTree } from "./modules-of-tree";

/**
 * Does what depmod does, without writing: the file system that is returned has the text indexes besides all else.
 *
 * @param root in front of the places where configuration is looked for
 * @throws ToolError when the modules need one another in a loop
 */
export async function indexInMemory(reader: TreeReader, directory: string, root: string, log: Log): Promise<ToolFiles> {
  const { files } = reader;
  const modules = await modulesOfTree(files, directory, root, log);
  const graph = new DependencyGraph(await readModuleTree(reader, directory, modules, log));
  const places = graph.places();
  const cycle = findCycles(graph, places)?.cycles.find((names) => names.length > 1);
  if (cycle !== undefined) throw new ToolError(`modules need one another in a loop: ${cycle.join(" -> ")}`);
  const options = { dryRun: true, warnDuplicates: false };
  const indexes = await makeIndexes({ graph, places, directory, options, files, log });
  const bytes = new Map(
    Object.entries(indexes).map(([name, index]) => [
      `${directory}/${name}`,
      typeof index === "string" ? encodeText(index) : index,
    ]),
  );
  return {
    readFile: async (path) => bytes.get(path) ?? files.readFile(path),
    readDirectory: (path) => files.readDirectory(path),
    stat: (path) => files.stat(path),
    writeFile: (path, content) => files.writeFile(path, content),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
  };
}
