import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import type { DirectoryEntry, ToolFiles } from "../files/files";
import { isModuleFile } from "../tree/module-name";
import { entriesBelow, entryStatus, type LinksLeft, MOST_LINKS } from "./entry-status";
import { SKIPPED_DIRECTORIES } from "./find-modules";

/** Whether no module of a tree is newer than its `modules.dep`; false where the file system does not tell. */
export async function isUpToDate(files: ToolFiles, directory: string, log: Log): Promise<boolean> {
  let asked = `could not open directory ${directory}`;
  try {
    const entries = await files.readDirectory(directory);
    asked = `could not fstatat(${directory}, modules.dep)`;
    const { modified } = await files.stat(`${directory}/modules.dep`);
    return modified !== undefined && !(await hasNewer(files, directory, entries, modified, { left: MOST_LINKS }, log));
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`${asked}: ${describeError(error)}`);
    return false;
  }
}

async function hasNewer(
  files: ToolFiles,
  directory: string,
  entries: readonly DirectoryEntry[],
  time: number,
  links: LinksLeft,
  log: Log,
): Promise<boolean> {
  for (const { name, kind } of entries) {
    const status = await entryStatus(files, directory, name, log);
    if (status?.kind === "directory" && !SKIPPED_DIRECTORIES.includes(name)) {
      const inside = await entriesBelow(files, directory, name, kind === "other" ? status : null, links, log);
      if (await hasNewer(files, `${directory}/${name}`, inside, time, links, log)) return true;
    }
    const isModule = status?.kind === "file" && isModuleFile(name);
    if (isModule && (status.modified ?? Number.POSITIVE_INFINITY) > time) return true;
  }
  return false;
}
