import { lcdLsmod, loadedModules, type ToolEnvironment } from "module-init-tools";

/** `lsmod`; with `--json` the same as a JSON array of objects: name, size in bytes, users, holders. */
export async function lsmodOrJson(argv: readonly string[], env: ToolEnvironment): Promise<number> {
  const [, ...args] = argv;
  if (args.length !== 1 || args[0] !== "--json") return lcdLsmod(argv, env);
  env.stdout(`${JSON.stringify(await loadedModules(env.files), null, 2)}\n`);
  return 0;
}
