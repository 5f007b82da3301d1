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

/** Links to directories that a search may still follow: two in each of 40 directories are ways to a million millions. */
export interface LinksLeft {
  left: number;
}

/** What a search begins with. */
export const MOST_LINKS = 1000;

/**
 * What a directory in another one holds. One that cannot be read is named, and empty, and so is a link that leads back
 * to a directory on the way to it, or comes after too many others.
 *
 * @param linked what the link leads to; null when the entry is no link
 */
export async function entriesBelow(
  files: ToolFiles,
  directory: string,
  name: string,
  linked: FileStatus | null,
  links: LinksLeft,
  log: Log,
): Promise<readonly DirectoryEntry[]> {
  try {
    if (linked !== null && (links.left-- <= 0 || (await isOnTheWay(files, directory, linked)))) {
      throw new FileError("ELOOP", "a circle, or too many links");
    }
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
