import { ElfError, NamePool } from "elf-image";
import { isCompressed } from "../compression/decompress";
import { describeError, errorCodeOf } from "../errno";
import { ToolError } from "../errors";
import type { ToolFiles } from "../files/files";
import { brokenModuleText, decompressedFile } from "../tree/broken-module";
import { type ModuleFacts, type ReadFactsOptions, readModuleFacts } from "./module-facts";

/** What was read of a module; of one that cannot be read why, and no facts. */
export interface FactsRead {
  readonly facts: ModuleFacts;
  /** What is wrong with it in kmod's words, with the reason in brackets where there is more to say. */
  readonly error: string | null;
}

/** What {@link FactsReader} is asked for. */
export interface FactsWanted extends Omit<ReadFactsOptions, "pool" | "fetch"> {
  /** Hears now and then how many modules have been read. */
  progress?(read: number): void;
}

/** Reads many modules. The answers come in the order of the paths; no module makes it reject. */
export type FactsReader = (paths: readonly string[], wanted: FactsWanted) => Promise<readonly FactsRead[]>;

/** Modules that are read at the same time: one is fetched while another is decompressed, and no more may be bombs. */
const READ_AT_ONCE = 2;

const NOTHING: ModuleFacts = {
  exports: [],
  imports: [],
  weakImports: [],
  versions: new Map(),
  offeredVersions: new Map(),
  aliases: [],
  softDependencies: [],
};

/** Reads modules here, a few at a time. */
export function factsReader(files: ToolFiles): FactsReader {
  return async (paths, { progress, ...wanted }) => {
    const options = { pool: new NamePool(), ...wanted };
    const read: FactsRead[] = [];
    let next = 0;
    let done = 0;
    const worker = async () => {
      for (let index = next++; index < paths.length; index = next++) {
        read[index] = await readFacts(files, paths[index] ?? "", options);
        progress?.(++done);
      }
    };
    await Promise.all(Array.from({ length: READ_AT_ONCE }, worker));
    return read;
  };
}

/** Reads one module. */
export async function readFacts(files: ToolFiles, path: string, options: ReadFactsOptions): Promise<FactsRead> {
  try {
    const read = files.withFile?.(path, (bytes, fetch) =>
      isCompressed(bytes) ? null : factsOf(bytes, bytes, { ...options, fetch }),
    );
    if (read != null) return read;
    const file = await files.readFile(path);
    return factsOf(await decompressedFile(file), file, options);
  } catch (error) {
    if (errorCodeOf(error) === null && !(error instanceof ToolError)) throw error;
    return { facts: NOTHING, error: describeError(error) };
  }
}

function factsOf(bytes: Uint8Array, file: Uint8Array, options: ReadFactsOptions): FactsRead {
  try {
    return { facts: readModuleFacts(bytes, options), error: null };
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return { facts: NOTHING, error: `${brokenModuleText(bytes, file)} (${error.message})` };
  }
}
