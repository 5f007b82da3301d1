import { errorCodeOf } from "../errno";
import type { FileKind, ToolFiles } from "./files";

/** What there is at a path; null when there is nothing, or nothing that can be reached. */
export async function kindAt(files: ToolFiles, path: string): Promise<FileKind | null> {
  try {
    return (await files.stat(path)).kind;
  } catch (error) {
    if (errorCodeOf(error) === null) throw error;
    return null;
  }
}
