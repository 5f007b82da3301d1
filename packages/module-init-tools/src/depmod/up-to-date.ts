import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import { isModuleFile } from "../tree/module-name";
import { entryStatus } from "./entry-status";
import { SKIPPED_DIRECTORIES } from "./find-modules";

/** Whether no module of a tree is newer than its `modules.dep`; false where the file system does not tell. */
export async function isUpToDate(files: ToolFiles, directory: string, log: Log): Promise<boolean> {
  let asked = `could not open directory ${directory}`;
  try {
    await files.readDirectory(directory);
    asked = `could not fstatat(${directory}, modules.dep)`;
    const { modified } = await files.stat(`${directory}/modules.dep`);
    return modified !== undefined && !(await hasNewer(files, directory, modified, log));
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`${asked}: ${describeError(error)}`);
    return false;
  }
}

async function hasNewer(files: ToolFiles, directory: string, time: number, log: Log): Promise<boolean> {
  for (const { name } of await files.readDirectory(directory)) {
    const status = await entryStatus(files, directory, name, log);
    const isDirectory = status?.kind === "directory" && !SKIPPED_DIRECTORIES.includes(name);
    if (isDirectory && (await hasNewer(files, `${directory}/${name}`, time, log))) return true;
    const isModule = status?.kind === "file" && isModuleFile(name);
    if (isModule && (status.modified ?? Number.POSITIVE_INFINITY) > time) return true;
  }
  return false;
}
