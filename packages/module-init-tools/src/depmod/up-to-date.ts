import type { Log } from "../command/log";
import { describeError, errorCodeOf } from "../errno";
import type { ToolFiles } from "../files/files";
import { isModuleFile } from "../tree/module-name";

/** Whether no module of a tree is newer than its `modules.dep`; false where the file system does not tell. */
export async function isUpToDate(files: ToolFiles, directory: string, log: Log): Promise<boolean> {
  try {
    const { modified } = await files.stat(`${directory}/modules.dep`);
    return modified !== undefined && !(await hasNewer(files, directory, modified));
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    log.error(`could not fstatat(${directory}, modules.dep): ${describeError(error)}`);
    return false;
  }
}

async function hasNewer(files: ToolFiles, directory: string, time: number): Promise<boolean> {
  for (const { name } of await files.readDirectory(directory)) {
    const path = `${directory}/${name}`;
    const { kind, modified } = await files.stat(path);
    if (kind === "directory" && name !== "build" && name !== "source" && (await hasNewer(files, path, time)))
      return true;
    if (kind === "file" && isModuleFile(name) && (modified ?? Number.POSITIVE_INFINITY) > time) return true;
  }
  return false;
}
