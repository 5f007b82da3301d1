import { type ElfImage, EMPTY_NAME, type FetchBytes, NamePool, parseElf, readModinfo } from "elf-image";
import { NumberSet } from "./number-set";
import { type SymbolNumbers, scanSymbols } from "./scan-symbols";
import { exportedNames, exportedVersions, neededNames, neededVersions, type SymbolVersion } from "./symbol-versions";

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
  /** What it wants to be found by, from its `.modinfo`; may have wildcards. */
  readonly aliases: readonly string[];
  /** Which modules it would like to have loaded before or after it: `pre: a b post: c`. */
  readonly softDependencies: readonly string[];
}

export interface ReadFactsOptions {
  /** Give the same one for many modules: they use the same names. */
  readonly pool?: NamePool;
  /** Whether to read the checksums of symbols. */
  readonly versions?: boolean;
  /** Called before bytes are looked at, as `parseElf` does: the first 64 have to be there. */
  readonly fetch?: FetchBytes;
}

/**
 * Reads a module's symbols the way kmod does.
 *
 * @param bytes not kept: they may be overwritten afterwards
 * @throws ElfError
 */
export function readModuleFacts(bytes: Uint8Array, options: ReadFactsOptions = {}): ModuleFacts {
  const { pool = new NamePool(), versions = false, fetch } = options;
  const image = parseElf(bytes, { pool, tolerant: true, fetch });
  const symbols = scanSymbols(image, pool);
  const modinfo = readModinfo(image, ["alias", "softdep"]);
  return {
    exports: exportedSymbols(image, symbols, pool),
    imports: importedSymbols(symbols, neededNames(image, pool), pool),
    weakImports: namesOf(symbols?.weakSymbols ?? [], pool),
    versions: versions ? byName(neededVersions(image)) : NO_VERSIONS,
    offeredVersions: versions ? byName(exportedVersions(image)) : NO_VERSIONS,
    aliases: valuesOf(modinfo, "alias"),
    softDependencies: valuesOf(modinfo, "softdep"),
  };
}

const NO_VERSIONS: ReadonlyMap<string, bigint> = new Map();

function byName(versions: readonly SymbolVersion[] | null): ReadonlyMap<string, bigint> {
  return new Map((versions ?? []).map(({ name, version }) => [name, version]));
}

function namesOf(numbers: readonly number[], pool: NamePool): string[] {
  return numbers.map((number) => pool.nameOf(number));
}

/** With symbol versions every export has a `__crc_` symbol; without, the names stand in a section of their own. */
function exportedSymbols(image: ElfImage, symbols: SymbolNumbers | null, pool: NamePool): readonly string[] {
  if (symbols !== null && symbols.checksums.length > 0) return namesOf(symbols.checksums, pool);
  return exportedNames(image) ?? [];
}

/** The names of one module that were met; the same for all. */
const met = new NumberSet();

/** Undefined symbols, and what only `__versions` mentions (`module_layout`); none where there is no symbol table. */
function importedSymbols(symbols: SymbolNumbers | null, versioned: readonly number[], pool: NamePool): string[] {
  if (symbols === null) return [];
  const { undefinedSymbols } = symbols;
  const numbers = [...undefinedSymbols];
  met.clear();
  met.add(EMPTY_NAME);
  for (const number of undefinedSymbols) met.add(number);
  for (const number of versioned) if (met.add(number)) numbers.push(number);
  return namesOf(numbers, pool);
}

function valuesOf(modinfo: readonly (readonly [key: string, value: string])[], wanted: string): string[] {
  return modinfo.filter(([key]) => key === wanted).map(([, value]) => value);
}
