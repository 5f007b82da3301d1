import type { ToolEnvironment } from "../environment";
import { errorCodeOf, errorCodeOfResult } from "../errno";

/**
 * Takes a module out of the host's kernel.
 *
 * @returns null, or the code with which the kernel refused; `ENOSYS` when this host has no way to do it
 */
export async function removeModule(
  env: ToolEnvironment,
  name: string,
  flags: { readonly force: boolean; readonly wait: boolean },
): Promise<string | null> {
  if (env.deleteModule === undefined) return "ENOSYS";
  try {
    const result = await env.deleteModule(name, flags);
    return result < 0 ? errorCodeOfResult(result) : null;
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === null) throw error;
    return code;
  }
}
