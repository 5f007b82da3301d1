import {
  ElfError,
  type ElfImage,
  type ElfSection,
  EMPTY_NAME,
  type NamePool,
  SHN_UNDEF,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_WEAK,
  StringTable,
} from "elf-image";

/** What depmod needs out of a symbol table: the numbers of names in a pool. */
export interface SymbolNumbers {
  /** What stands behind {@link CRC_PREFIX} in names that begin with it: one for each versioned export. */
  readonly checksums: readonly number[];
  /** What the module uses and does not define. */
  readonly undefinedSymbols: readonly number[];
  /** Those of them that may stay unresolved. */
  readonly weakSymbols: readonly number[];
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
export function scanSymbols(image: ElfImage, pool: NamePool): SymbolNumbers {
  const table = image.sections.find(({ type }) => type === SHT_SYMTAB);
  if (table === undefined) return { checksums: [], undefinedSymbols: [], weakSymbols: [] };
  const { size, info, section } = LAYOUTS[image.class];
  if (table.size % size !== 0) throw new ElfError(`symbol table ${table.name} has a part of a symbol at its end`);
  const bytes = table.data();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings = stringsOf(image, table);
  const names = new StringTable(strings, "the string table", pool);
  const checksums: number[] = [];
  const undefinedSymbols: number[] = [];
  const weakSymbols: number[] = [];
  // The first symbol of every table is empty.
  for (let offset = size; offset < bytes.length; offset += size) {
    const nameOffset = view.getUint32(offset, image.littleEndian);
    if (view.getUint16(offset + section, image.littleEndian) !== SHN_UNDEF) {
      if (startsWithCrcPrefix(strings, nameOffset)) checksums.push(names.numberAt(nameOffset + CRC_PREFIX.length));
      continue;
    }
    const binding = view.getUint8(offset + info) >> 4;
    if (binding !== STB_GLOBAL && binding !== STB_WEAK) continue;
    const name = names.numberAt(nameOffset);
    if (name === EMPTY_NAME) continue;
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
