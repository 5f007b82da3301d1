import type { ByteReader } from "./byte-reader";
import { SHN_LORESERVE, SHN_XINDEX, SHT_STRTAB, SHT_SYMTAB_SHNDX } from "./constants";
import { ElfError } from "./error";
import type { ElfSection } from "./section";
import { StringTable } from "./string-table";

/** A symbol. */
export interface ElfSymbol {
  readonly name: string;
  readonly value: bigint;
  readonly size: bigint;
  /** STB_*: local, global, weak. */
  readonly binding: number;
  /** STT_*: function, object, section ... */
  readonly type: number;
  /** STV_*. */
  readonly visibility: number;
  /** An existing section, or one of SHN_UNDEF, SHN_ABS, SHN_COMMON and the other reserved indexes. */
  readonly sectionIndex: number;
}

/** Bytes of a symbol table's entry. */
export function symbolSize(wide: boolean): number {
  return wide ? 24 : 16;
}

/** Reads a symbol table (SHT_SYMTAB or SHT_DYNSYM). Throws ElfError. */
export function readSymbols(reader: ByteReader, sections: readonly ElfSection[], table: ElfSection): ElfSymbol[] {
  const size = symbolSize(reader.wide);
  const what = `symbol table ${table.name}`;
  if (table.entrySize !== size)
    throw new ElfError(`${what} has entries of ${table.entrySize} bytes instead of ${size}`);
  // Makes sure that it is in the file.
  table.data();
  if (table.size % size !== 0) throw new ElfError(`${what} has ${table.size} bytes, which is no multiple of ${size}`);
  const strings = sections[table.link];
  if (strings === undefined || strings.type !== SHT_STRTAB) {
    throw new ElfError(`${what} has its names in section ${table.link}, which is no string table`);
  }
  const names = new StringTable(strings.data(), `string table ${strings.name}`);
  const extended = sections.find(({ type, link }) => type === SHT_SYMTAB_SHNDX && link === table.index);
  const symbols: ElfSymbol[] = [];
  for (let i = 0; i < table.size / size; i++) {
    const { nameOffset, info, other, shortIndex, value, bytes } = readEntry(reader, table.offset + i * size);
    const sectionIndex = shortIndex === SHN_XINDEX ? extendedIndex(reader, extended, i) : shortIndex;
    if (sectionIndex >= sections.length && (shortIndex < SHN_LORESERVE || shortIndex === SHN_XINDEX)) {
      throw new ElfError(`symbol ${i} of ${what} is in section ${sectionIndex}, but there are only ${sections.length}`);
    }
    symbols.push({
      name: names.at(nameOffset),
      value,
      size: bytes,
      binding: info >> 4,
      type: info & 0xf,
      visibility: other & 3,
      sectionIndex,
    });
  }
  return symbols;
}

/** The fields of an entry; its range was checked with its section's. */
function readEntry({ view, littleEndian, wide }: ByteReader, at: number) {
  return wide
    ? {
        nameOffset: view.getUint32(at, littleEndian),
        info: view.getUint8(at + 4),
        other: view.getUint8(at + 5),
        shortIndex: view.getUint16(at + 6, littleEndian),
        value: view.getBigUint64(at + 8, littleEndian),
        bytes: view.getBigUint64(at + 16, littleEndian),
      }
    : {
        nameOffset: view.getUint32(at, littleEndian),
        value: BigInt(view.getUint32(at + 4, littleEndian)),
        bytes: BigInt(view.getUint32(at + 8, littleEndian)),
        info: view.getUint8(at + 12),
        other: view.getUint8(at + 13),
        shortIndex: view.getUint16(at + 14, littleEndian),
      };
}

function extendedIndex(reader: ByteReader, section: ElfSection | undefined, symbol: number): number {
  if (section === undefined || symbol * 4 + 4 > section.size) {
    throw new ElfError(`symbol ${symbol} has an extended section index, but there is no table entry for it`);
  }
  section.data();
  return reader.u32(section.offset + symbol * 4);
}
