import { decompressModule } from "../compression/decompress";
import type { ToolFiles } from "../files/files";

/**
 * Reads a module and decompresses it when it is compressed.
 *
 * @throws what the file system throws; DecompressError
 */
export async function readModule(files: ToolFiles, path: string): Promise<Uint8Array> {
  return decompressModule(await files.readFile(path));
}
