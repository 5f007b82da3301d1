import type { ToolFiles } from "../files/files";

/** Ending of a file that is being written. */
const UNFINISHED = ".new";

/**
 * Writes files so that nobody ever sees half of one: all are written beside their places first, then moved there.
 * When one cannot be written the old ones stay and no unfinished one is left.
 *
 * @param texts by file name
 * @throws what the file system throws
 */
export async function writeBeside(
  files: ToolFiles,
  directory: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  const names = Object.keys(texts);
  try {
    for (const [name, text] of Object.entries(texts)) {
      await files.writeFile(`${directory}/${name}${UNFINISHED}`, new TextEncoder().encode(text));
    }
    for (const name of names) await files.rename(`${directory}/${name}${UNFINISHED}`, `${directory}/${name}`);
  } catch (error) {
    for (const name of names) await files.remove(`${directory}/${name}${UNFINISHED}`).catch(() => undefined);
    throw error;
  }
}
