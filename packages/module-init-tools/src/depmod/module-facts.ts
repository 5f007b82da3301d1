import { type ElfImage, parseElf, readModinfo } from "elf-image";
import { CRC_PREFIX, type ImportedSymbol, type SymbolNames, scanSymbols } from "./scan-symbols";

/** What depmod wants to know of a module. */
export interface ModuleFacts {
  /** Symbols that it offers to others. */
  readonly exports: readonly string[];
  /** Symbols that it needs. */
  readonly imports: readonly ImportedSymbol[];
  /** Its `.modinfo`: `alias`, `softdep`, ... */
  readonly modinfo: readonly (readonly [key: string, value: string])[];
}

/** Bytes of an entry of `__versions` by word size: a checksum of one word, and a name that fills the rest. */
const VERSION_ENTRY_SIZE = 64;

/**
 * Reads a module's symbols the way kmod does.
 *
 * @throws ElfError
 */
export function readModuleFacts(bytes: Uint8Array): ModuleFacts {
  const image = parseElf(bytes);
  const symbols = scanSymbols(image);
  return {
    exports: exportedSymbols(image, symbols),
    imports: importedSymbols(image, symbols),
    modinfo: readModinfo(image),
  };
}

/** With symbol versions every export has a `__crc_` symbol; without, the names stand in a section of their own. */
function exportedSymbols(image: ElfImage, symbols: SymbolNames): string[] {
  if (symbols.checksums.length > 0) return symbols.checksums.map((name) => name.slice(CRC_PREFIX.length));
  return strings(image.section("__ksymtab_strings")?.data() ?? new Uint8Array(0));
}

/** Undefined symbols, and what only `__versions` mentions (`module_layout`). */
function importedSymbols(image: ElfImage, { undefinedSymbols }: SymbolNames): ImportedSymbol[] {
  const known = new Set(undefinedSymbols.map(({ name }) => name));
  const others = versionedNames(image).filter((name) => !known.has(name));
  return [...undefinedSymbols, ...others.map((name) => ({ name, weak: false }))];
}

function versionedNames(image: ElfImage): string[] {
  const bytes = image.section("__versions")?.data() ?? new Uint8Array(0);
  const word = image.class === 64 ? 8 : 4;
  const names: string[] = [];
  for (let offset = 0; offset + VERSION_ENTRY_SIZE <= bytes.length; offset += VERSION_ENTRY_SIZE) {
    names.push(...strings(bytes.subarray(offset + word, offset + VERSION_ENTRY_SIZE)).slice(0, 1));
  }
  return names;
}

/** The NUL-terminated strings in a section, empty ones left out. */
function strings(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split("\0")
    .filter((text) => text !== "");
}
