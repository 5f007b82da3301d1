import { type ElfImage, NamePool, parseElf, readModinfo } from "elf-image";
import { CRC_PREFIX, type SymbolNames, scanSymbols } from "./scan-symbols";
import { neededVersions } from "./symbol-versions";

/** A symbol of others that a module uses. */
export interface ImportedSymbol {
  readonly name: string;
  /** It may stay unresolved. */
  readonly weak: boolean;
  /** The checksum of its declaration, where the module was built; null when the module does not say. */
  readonly version: bigint | null;
}

/** What depmod wants to know of a module. */
export interface ModuleFacts {
  /** Symbols that it offers to others. */
  readonly exports: readonly string[];
  /** Symbols that it needs. */
  readonly imports: readonly ImportedSymbol[];
  /** Its `.modinfo`: `alias`, `softdep`, ... */
  readonly modinfo: readonly (readonly [key: string, value: string])[];
}

/**
 * Reads a module's symbols the way kmod does.
 *
 * @param pool give the same one for many modules: they use the same names
 * @throws ElfError
 */
export function readModuleFacts(bytes: Uint8Array, pool: NamePool = new NamePool()): ModuleFacts {
  const image = parseElf(bytes);
  const symbols = scanSymbols(image, pool);
  return {
    exports: exportedSymbols(image, symbols),
    imports: importedSymbols(image, symbols, pool),
    modinfo: readModinfo(image),
  };
}

/** With symbol versions every export has a `__crc_` symbol; without, the names stand in a section of their own. */
function exportedSymbols(image: ElfImage, symbols: SymbolNames): string[] {
  if (symbols.checksums.length > 0) return symbols.checksums.map((name) => name.slice(CRC_PREFIX.length));
  return strings(image.section("__ksymtab_strings")?.data() ?? new Uint8Array(0));
}

/** Undefined symbols, and what only `__versions` mentions (`module_layout`). */
function importedSymbols(image: ElfImage, { undefinedSymbols }: SymbolNames, pool: NamePool): ImportedSymbol[] {
  const versions = new Map<string, bigint>();
  for (const { name, version } of neededVersions(image, pool) ?? []) versions.set(name, version);
  const used = undefinedSymbols.map(({ name, weak }) => ({ name, weak, version: versions.get(name) ?? null }));
  for (const { name } of undefinedSymbols) versions.delete(name);
  versions.delete("");
  return [...used, ...[...versions].map(([name, version]) => ({ name, weak: false, version }))];
}

/** The NUL-terminated strings in a section, empty ones left out. */
function strings(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split("\0")
    .filter((text) => text !== "");
}
