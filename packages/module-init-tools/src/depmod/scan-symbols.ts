import { type ElfImage, EMPTY_NAME, type NamePool, SHN_UNDEF, STB_GLOBAL, STB_WEAK, StringTable } from "elf-image";

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
  64: { size: 24, info: 4, section: 6, value: 8 },
  32: { size: 16, info: 12, section: 14, value: 4 },
} as const;

/** A symbol table: entries of `size` bytes, their names in `strings`. */
export type SymbolTable = (typeof LAYOUTS)[ElfImage["class"]] & {
  readonly view: DataView;
  readonly strings: Uint8Array;
  /** Names begin before this place: there is a NUL behind them. */
  readonly namesEnd: number;
};

/**
 * The symbol table and its names, known by the names of their sections, as kmod knows them; null when there are none, or
 * when the table ends within a symbol.
 */
export function symbolTable(image: ElfImage): SymbolTable | null {
  const layout = LAYOUTS[image.class];
  const [bytes, strings] = [image.section(".symtab")?.data(), image.section(".strtab")?.data()];
  if (bytes === undefined || strings === undefined || bytes.length % layout.size !== 0) return null;
  return {
    ...layout,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    strings,
    namesEnd: strings.lastIndexOf(0) + 1,
  };
}

/**
 * Goes through the symbol table for names of two kinds only. A tree has millions of symbols, and making an object of
 * each would take most of depmod's time.
 *
 * @returns null when there is no symbol table, or one with a name that is outside of the names or has no end
 * @throws ElfError
 */
export function scanSymbols(image: ElfImage, pool: NamePool): SymbolNumbers | null {
  const table = symbolTable(image);
  if (table === null) return null;
  const { size, info, section, view, strings, namesEnd } = table;
  const names = new StringTable(strings, "the string table", pool);
  const checksums: number[] = [];
  const undefinedSymbols: number[] = [];
  const weakSymbols: number[] = [];
  // The first symbol of every table is empty.
  for (let offset = size; offset < view.byteLength; offset += size) {
    const nameOffset = view.getUint32(offset, image.littleEndian);
    if (nameOffset >= namesEnd) return null;
    if (startsWithCrcPrefix(strings, nameOffset)) checksums.push(names.numberAt(nameOffset + CRC_PREFIX.length));
    if (view.getUint16(offset + section, image.littleEndian) !== SHN_UNDEF) continue;
    const binding = view.getUint8(offset + info) >> 4;
    if (binding !== STB_GLOBAL && binding !== STB_WEAK) continue;
    const name = names.numberAt(nameOffset);
    if (name === EMPTY_NAME) continue;
    undefinedSymbols.push(name);
    if (binding === STB_WEAK) weakSymbols.push(name);
  }
  return { checksums, undefinedSymbols, weakSymbols };
}

const CRC_BYTES = new TextEncoder().encode(CRC_PREFIX);

export function startsWithCrcPrefix(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < CRC_BYTES.length; i++) if (bytes[offset + i] !== CRC_BYTES[i]) return false;
  return true;
}
