import { ElfError, parseElf } from "elf-image";
import { exportedVersions, neededVersions, type SymbolVersion } from "../depmod/symbol-versions";
import type { ToolEnvironment } from "../environment";
import { describeError, errorCodeOf, errorText } from "../errno";
import { ToolError } from "../errors";
import { kindAt } from "../files/kind";
import { givenPath } from "../files/path";
import { brokenModuleText, decompressedFile } from "../tree/broken-module";

const WHAT = { modversions: "modversions", exports: "symbols" } as const;

/**
 * `--show-modversions` and `--show-exports`: what a module file needs or offers.
 *
 * @param complain hears why it cannot be shown
 * @returns the exit code
 */
export async function showSymbols(
  kind: "modversions" | "exports",
  file: string,
  env: ToolEnvironment,
  complain: (message: string) => void,
): Promise<number> {
  try {
    const bytes = await readFile(file, env);
    if (bytes === null) {
      complain(`Module ${file} not found.`);
      return 1;
    }
    const module = await decompressedFile(bytes);
    const symbols = symbolsOf(kind, module, bytes);
    env.stdout(symbols.map(({ name, version }) => `0x${version.toString(16).padStart(8, "0")}\t${name}\n`).join(""));
    return 0;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    complain(`could not get ${WHAT[kind]} of ${file}: ${error.message}`);
    return 1;
  }
}

function symbolsOf(kind: "modversions" | "exports", module: Uint8Array, file: Uint8Array): SymbolVersion[] {
  try {
    const image = parseElf(module, { tolerant: true });
    const symbols = kind === "exports" ? exportedVersions(image) : neededVersions(image);
    if (symbols !== null) return symbols;
    const isCut = kind === "modversions" && image.section("__versions") !== undefined;
    throw new ToolError(isCut ? `${errorText("EINVAL")} (__versions ends within an entry)` : errorText("ENOENT"));
  } catch (error) {
    if (error instanceof ElfError) throw new ToolError(`${brokenModuleText(module, file)} (${error.message})`);
    throw error;
  }
}

/** @returns null for what is not there, or where nobody may look */
async function readFile(file: string, env: ToolEnvironment): Promise<Uint8Array | null> {
  const path = givenPath(file, env.cwd);
  if ((await kindAt(env.files, path)) === null) return null;
  try {
    return await env.files.readFile(path);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    throw new ToolError(describeError(error));
  }
}
