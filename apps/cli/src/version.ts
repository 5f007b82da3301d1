import { readFile } from "node:fs/promises";

/** The version of this package, as its package.json has it. */
export async function version(): Promise<string> {
  const parsed: unknown = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  const found = typeof parsed === "object" && parsed !== null && "version" in parsed ? parsed.version : null;
  return typeof found === "string" ? found : "unknown";
}
