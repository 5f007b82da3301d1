import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import { type DirectoryEntry, FileError, type FileStatus, type ToolFiles } from "../files/files";
import { directoryName } from "../files/path";

/** What a directory's entry is, links followed. One that leads nowhere is named, and null: the search goes on. */
export async function entryStatus(
  files: ToolFiles,
  directory: string,
  name: string,
  log: Log,
): Promise<FileStatus | null> {
  try {
    return await files.stat(`${directory}/${name}`);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`fstatat(${directory}, ${name}): ${describeError(error)}`);
    return null;
  }
}

/**
 * What a directory in another one holds. One that cannot be read is named, and empty, and so is a link that leads back
 * to a directory on the way to it.
 *
 * @param linked what the link leads to; null when the entry is no link
 */
export async function entriesBelow(
  files: ToolFiles,
  directory: string,
  name: string,
  linked: FileStatus | null,
  log: Log,
): Promise<readonly DirectoryEntry[]> {
  try {
    if (linked !== null && (await isOnTheWay(files, directory, linked))) throw new FileError("ELOOP", "a circle");
    return await files.readDirectory(`${directory}/${name}`);
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`openat(${directory}, ${name}, O_RDONLY): ${describeError(error)}`);
    return [];
  }
}

async function isOnTheWay(files: ToolFiles, directory: string, { id }: FileStatus): Promise<boolean> {
  if (id === undefined) return false;
  for (let path = directory; path !== "/"; path = directoryName(path)) {
    if ((await files.stat(path)).id === id) return true;
  }
  return false;
}
