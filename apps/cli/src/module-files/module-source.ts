import type { ToolFiles } from "module-init-tools";
import { mountedFiles } from "./mounted-files";

/** Release of the emulated host's kernel: its modules are in `/lib/modules/lcd`. */
export const HOST_RELEASE = "lcd";

/** Where the emulated host has its modules. */
export const HOST_TREE = `/lib/modules/${HOST_RELEASE}`;

/** A module, and the file system in which lcd-modprobe finds it. */
export interface ModuleSource {
  /** The name to ask modprobe for. */
  readonly name: string;
  readonly files: ToolFiles;
  /** The directory that the emulated host has as {@link HOST_TREE}. */
  readonly directory: string;
  /** What a person could do when symbols are not found. */
  readonly advice?: string;
}

/** A module of a directory that has a `modules.dep`. */
export function sourceInTree(name: string, directory: string): ModuleSource {
  return { name, files: mountedFiles(HOST_TREE, directory), directory };
}
