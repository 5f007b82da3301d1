/** Reads, checks and relocates ELF32 and ELF64 files. */
export type { FetchBytes } from "./byte-reader";
export * from "./constants";
export { ElfError } from "./error";
export { modinfoEntries, readModinfo } from "./modinfo";
export { EMPTY_NAME, NamePool } from "./name-pool";
export { type ElfImage, parseElf } from "./parse";
export { type Relocation, relocateX86_64, relocationNameX86_64 } from "./relocate-x86-64";
export type { ElfRelocation } from "./relocation";
export type { ElfSection } from "./section";
export type { ElfSegment } from "./segment";
export { StringTable } from "./string-table";
export type { ElfSymbol } from "./symbol";
export { type NamedRange, type SymbolHit, SymbolMap, symbolMap } from "./symbol-map";
export { decodeText, encodeText } from "./text";
