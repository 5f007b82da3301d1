import { lcdLsmod, loadedModules, type ToolEnvironment } from "module-init-tools";
import { jsonText } from "../json-text";

/** `lsmod`; with `--json` the same as a JSON array of objects: name, size in bytes, users, holders. */
export async function lsmodOrJson(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  const [, ...args] = argv;
  if (args.length !== 1 || args[0] !== "--json") return lcdLsmod(argv, env);
  env.stdout(jsonText(await loadedModules(env.files)));
  return 0;
}
