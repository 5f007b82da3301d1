import { prebuiltDirectory } from "liblcd";
import type { ModuleTree } from "module-init-tools";
import { didYouMean } from "../suggest";

/** What to say about a name that leads to no module. */
export async function unknownName(asked: string, tree: ModuleTree): Promise<string> {
  const examples = tree.directory === prebuiltDirectory;
  const where = examples ? "the examples of LCD" : tree.directory;
  const advice = examples ? " (-d names another tree: -d / those of this machine)" : "";
  if (asked.includes(":")) return `nothing in ${where} serves ${asked}${advice}`;
  const known = [...(await tree.modules()).keys(), ...(await tree.builtin())];
  return `there is no module ${asked || '""'} in ${where}${didYouMean(asked, known) || advice}`;
}
