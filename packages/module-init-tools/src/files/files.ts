import type { FetchBytes } from "elf-image";

/** The part of a file system that the module tools need. Implemented by {@link memoryFiles} and by `module-init-tools/node`. */
export interface ToolFiles {
  /** The bytes of a file, symbolic links followed. */
  readFile(path: string): Promise<Uint8Array>;
  /**
   * Gives a file to a function, for as long as it runs: its bytes may stand in memory that is used again, which makes
   * reading thousands of files several times as fast. Absent where that would not help.
   *
   * Of the bytes the first 4096 are there; the others when the function has called `fetch` for them.
   *
   * @returns what the function returns
   */
  withFile?<T>(path: string, use: (bytes: Uint8Array, fetch: FetchBytes) => T): T;
  /**
   * What a directory holds, without `.` and `..`, in the order in which the file system keeps it: of two modules of
   * the same name depmod takes the one that it meets first, as kmod does.
   */
  readDirectory(path: string): Promise<readonly DirectoryEntry[]>;
  /** Status of a file, symbolic links followed. */
  stat(path: string): Promise<FileStatus>;
  /** Creates or replaces a file. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Makes a directory, and those that it is in, if they are not there yet; absent where files need none. */
  makeDirectory?(path: string): Promise<void>;
  /** Moves a file over another one, in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Deletes a file. */
  remove(path: string): Promise<void>;
}

export type FileKind = "file" | "directory" | "other";

export interface DirectoryEntry {
  readonly name: string;
  /** `other` where the directory does not say, or for a symbolic link: ask `stat`. */
  readonly kind: FileKind;
}

export interface FileStatus {
  readonly kind: FileKind;
  /** Bytes. */
  readonly size: number;
  /** When the content was changed last, in milliseconds since 1970; absent where the file system does not tell. */
  readonly modified?: number;
  /** The same for two paths that lead to one file; absent where the file system does not tell, or has no links. */
  readonly id?: string;
}

/** What every operation of {@link ToolFiles} rejects with, or something with the same `code`, as Node's errors are. */
export class FileError extends Error {
  override readonly name = "FileError";

  constructor(
    /** `ENOENT`, `EISDIR`, ... */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
