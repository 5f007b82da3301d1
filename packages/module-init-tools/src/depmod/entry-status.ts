import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import type { FileStatus, ToolFiles } from "../files/files";

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
