/** The module tools of LCD: programs that take a command line, and the parts that they are made of. */
export { DecompressError, decompressModule, LARGEST_MODULE } from "./compression/decompress";
export { lcdDepmod } from "./depmod/depmod";
export { type ModuleFacts, readModuleFacts } from "./depmod/module-facts";
export type { LcdDevice, ToolEnvironment } from "./environment";
export { ToolError } from "./errors";
export { type DirectoryEntry, FileError, type FileKind, type FileStatus, type ToolFiles } from "./files/files";
export { type MemoryFiles, memoryFiles } from "./files/memory-files";
export { lcdInsmod } from "./insmod/insmod";
export { lcdModprobe } from "./modprobe/modprobe";
export { isModuleFile, moduleNameOfPath, normalizeName } from "./tree/module-name";
export { type ModuleFile, ModuleTree } from "./tree/module-tree";
export { wildcardMatch } from "./tree/wildcard";
