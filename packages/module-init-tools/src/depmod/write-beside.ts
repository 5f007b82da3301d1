import { encodeText } from "elf-image";
import type { ToolFiles } from "../files/files";

/**
 * Writes files so that nobody ever sees half of one: all are written beside their places first, then moved there.
 * When one cannot be written the old ones stay and no unfinished one is left.
 *
 * @param contents by file name; text as `decodeText` of elf-image gives it
 * @throws what the file system throws
 */
export async function writeBeside(
  files: ToolFiles,
  directory: string,
  contents: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  // Nobody else writes there, not even the same program at the same time.
  const unfinished = (name: string): string => `${directory}/${name}.${id}.new`;
  const id = crypto.randomUUID();
  const names = Object.keys(contents);
  try {
    for (const [name, content] of Object.entries(contents)) {
      const bytes = typeof content === "string" ? encodeText(content) : content;
      await files.writeFile(unfinished(name), bytes);
    }
    for (const name of names) await files.rename(unfinished(name), `${directory}/${name}`);
  } catch (error) {
    for (const name of names) await files.remove(unfinished(name)).catch(() => undefined);
    throw error;
  }
}
