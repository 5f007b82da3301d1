import { decodeText, type ElfImage, NamePool, parseElf, readModinfo } from "elf-image";
import { CRC_PREFIX, type SymbolNames, scanSymbols } from "./scan-symbols";
import { exportedVersions, neededNames, neededVersions, type SymbolVersion } from "./symbol-versions";

/** What depmod wants to know of a module. */
export interface ModuleFacts {
  /** Symbols that it offers to others. */
  readonly exports: readonly string[];
  /** Symbols of others that it uses. */
  readonly imports: readonly string[];
  /** Those of them that may stay unresolved. */
  readonly weakImports: readonly string[];
  /** The checksums of their declarations where the module was built, as far as they were asked for and it has them. */
  readonly versions: ReadonlyMap<string, bigint>;
  /** The checksums of what it offers, as far as they were asked for. */
  readonly offeredVersions: ReadonlyMap<string, bigint>;
  /** Its `.modinfo`: `alias`, `softdep`, ... */
  readonly modinfo: readonly (readonly [key: string, value: string])[];
}

export interface ReadFactsOptions {
  /** Give the same one for many modules: they use the same names. */
  readonly pool?: NamePool;
  /** Whether to read the checksums of symbols. */
  readonly versions?: boolean;
  /** Keys of the entries of `.modinfo` that are wanted; all when absent. */
  readonly modinfo?: readonly string[];
}

/**
 * Reads a module's symbols the way kmod does.
 *
 * @param bytes not kept: they may be overwritten afterwards
 * @throws ElfError
 */
export function readModuleFacts(bytes: Uint8Array, options: ReadFactsOptions = {}): ModuleFacts {
  const { pool = new NamePool(), versions = false } = options;
  const image = parseElf(bytes, { pool, tolerant: true });
  const symbols = scanSymbols(image, pool);
  return {
    exports: exportedSymbols(image, symbols),
    imports: importedSymbols(symbols, neededNames(image, pool)),
    weakImports: symbols.weakSymbols,
    versions: byName(versions ? neededVersions(image) : null),
    offeredVersions: byName(versions ? exportedVersions(image) : null),
    modinfo: readModinfo(image, options.modinfo),
  };
}

function byName(versions: readonly SymbolVersion[] | null): ReadonlyMap<string, bigint> {
  return new Map((versions ?? []).map(({ name, version }) => [name, version]));
}

/** With symbol versions every export has a `__crc_` symbol; without, the names stand in a section of their own. */
function exportedSymbols(image: ElfImage, symbols: SymbolNames): string[] {
  if (symbols.checksums.length > 0) return symbols.checksums.map((name) => name.slice(CRC_PREFIX.length));
  return strings(image.section("__ksymtab_strings")?.data() ?? new Uint8Array(0));
}

/** Undefined symbols, and what only `__versions` mentions (`module_layout`). */
function importedSymbols({ undefinedSymbols }: SymbolNames, versioned: readonly string[]): readonly string[] {
  const known = new Set(undefinedSymbols).add("");
  const others = versioned.filter((name) => known.size !== known.add(name).size);
  return others.length === 0 ? undefinedSymbols : [...undefinedSymbols, ...others];
}

/** The NUL-terminated strings in a section, empty ones left out. */
function strings(bytes: Uint8Array): string[] {
  return decodeText(bytes)
    .split("\0")
    .filter((text) => text !== "");
}
