import {
  ElfError,
  type ElfImage,
  type ElfSection,
  type NamePool,
  SHN_UNDEF,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_WEAK,
  StringTable,
} from "elf-image";

/** The names that depmod needs out of a symbol table. */
export interface SymbolNames {
  /** Names that begin with {@link CRC_PREFIX}: one for each versioned export. */
  readonly checksums: readonly string[];
  /** What the module uses and does not define. */
  readonly undefinedSymbols: readonly string[];
  /** Those of them that may stay unresolved. */
  readonly weakSymbols: readonly string[];
}

export const CRC_PREFIX = "__crc_";

/** Where the fields of a symbol are (System V ABI, "Symbol Table"). */
const LAYOUTS = {
  64: { size: 24, info: 4, section: 6 },
  32: { size: 16, info: 12, section: 14 },
} as const;

/**
 * Goes through the symbol table for names of two kinds only. A tree has millions of symbols, and making an object of
 * each would take most of depmod's time.
 *
 * @throws ElfError
 */
export function scanSymbols(image: ElfImage, pool: NamePool): SymbolNames {
  const table = image.sections.find(({ type }) => type === SHT_SYMTAB);
  if (table === undefined) return { checksums: [], undefinedSymbols: [], weakSymbols: [] };
  const { size, info, section } = LAYOUTS[image.class];
  if (table.size % size !== 0) throw new ElfError(`symbol table ${table.name} has a part of a symbol at its end`);
  const bytes = table.data();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings = stringsOf(image, table);
  const names = new StringTable(strings, "the string table", pool);
  const checksums: string[] = [];
  const undefinedSymbols: string[] = [];
  const weakSymbols: string[] = [];
  // The first symbol of every table is empty.
  for (let offset = size; offset < bytes.length; offset += size) {
    const nameOffset = view.getUint32(offset, image.littleEndian);
    if (view.getUint16(offset + section, image.littleEndian) !== SHN_UNDEF) {
      if (startsWithCrcPrefix(strings, nameOffset)) checksums.push(names.at(nameOffset));
      continue;
    }
    const binding = view.getUint8(offset + info) >> 4;
    if (binding !== STB_GLOBAL && binding !== STB_WEAK) continue;
    const name = names.at(nameOffset);
    if (name === "") continue;
    undefinedSymbols.push(name);
    if (binding === STB_WEAK) weakSymbols.push(name);
  }
  return { checksums, undefinedSymbols, weakSymbols };
}

function stringsOf(image: ElfImage, table: ElfSection): Uint8Array {
  const strings = image.sections[table.link];
  if (strings?.type === SHT_STRTAB) return strings.data();
  throw new ElfError(`symbol table ${table.name} has its names in section ${table.link}, which is no string table`);
}

const CRC_BYTES = new TextEncoder().encode(CRC_PREFIX);

function startsWithCrcPrefix(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < CRC_BYTES.length; i++) if (bytes[offset + i] !== CRC_BYTES[i]) return false;
  return true;
}
