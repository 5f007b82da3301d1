import type { ToolFiles } from "../files/files";

/** Ending of a file that is being written. */
const UNFINISHED = ".new";

/**
 * Writes files so that nobody ever sees half of one: all are written beside their places first, then moved there.
 * When one cannot be written the old ones stay and no unfinished one is left.
 *
 * @param contents by file name; text as UTF-8
 * @throws what the file system throws
 */
export async function writeBeside(
  files: ToolFiles,
  directory: string,
  contents: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const names = Object.keys(contents);
  try {
    for (const [name, content] of Object.entries(contents)) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await files.writeFile(`${directory}/${name}${UNFINISHED}`, bytes);
    }
    for (const name of names) await files.rename(`${directory}/${name}${UNFINISHED}`, `${directory}/${name}`);
  } catch (error) {
    for (const name of names) await files.remove(`${directory}/${name}${UNFINISHED}`).catch(() => undefined);
    throw error;
  }
}
