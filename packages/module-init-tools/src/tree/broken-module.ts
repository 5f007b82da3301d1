import { DecompressError, decompressModule } from "../compression/decompress";
import { errorText } from "../errno";
import { ToolError } from "../errors";

const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/** What kmod looks at before anything else, to know compressed files. */
const SHORTEST_FILE = 6;

/** Bytes of `e_ident`, the part of an ELF header that does not depend on class and byte order. */
const IDENT_SIZE = 16;

/** A module file, decompressed as {@link decompressModule} does it. @throws ToolError in kmod's words, the reason in brackets */
export async function decompressedFile(file: Uint8Array): Promise<Uint8Array> {
  try {
    return await decompressModule(file);
  } catch (error) {
    if (!(error instanceof DecompressError)) throw error;
    throw new ToolError(`${errorText(error.said)} (${error.message})`);
  }
}

/**
 * kmod's words for a file that is no module: it tells files of another kind from broken ones.
 *
 * @param bytes decompressed
 * @param file as it is; the same bytes when it is not compressed
 */
export function brokenModuleText(bytes: Uint8Array, file: Uint8Array): string {
  if (file.length < SHORTEST_FILE) return errorText("EINVAL");
  const isElf = bytes.length > IDENT_SIZE && ELF_MAGIC.every((byte, i) => bytes[i] === byte);
  return errorText(isElf ? "EINVAL" : "ENOEXEC");
}
