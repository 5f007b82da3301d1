import type { ToolEnvironment } from "module-init-tools";
import { parallelFactsReader, progressLine } from "module-init-tools/node";
import type { Terminal } from "../terminal";

/** How a command reads every module of a tree: on several processors, and showing to whoever watches how far it is. */
export function readingOfTrees(terminal: Terminal): Pick<ToolEnvironment, "readFacts" | "progress"> {
  const readFacts = parallelFactsReader();
  return terminal.isWatched ? { readFacts, progress: progressLine((text) => terminal.stderr(text)) } : { readFacts };
}
