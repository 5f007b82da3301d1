import type { ByteReader } from "./byte-reader";
import { ET_REL, SHT_DYNSYM, SHT_NULL, SHT_REL, SHT_RELA, SHT_SYMTAB } from "./constants";
import { ElfError } from "./error";
import type { ElfSection } from "./section";
import { symbolSize } from "./symbol";

/** One relocation. */
export interface ElfRelocation {
  /** Where: in a relocatable file from the start of the target section, else an address. */
  readonly offset: bigint;
  /** R_*: its meaning depends on the machine. */
  readonly type: number;
  /** Index into the symbol table that the relocation section links to; valid there, 0 for none. */
  readonly symbol: number;
  /** 0 in a SHT_REL section: there the addend is what stands at the place. */
  readonly addend: bigint;
}

/**
 * Reads a relocation section.
 *
 * @param section of type SHT_RELA or SHT_REL; its `info` is the section that it applies to, its `link` the symbol table
 * @throws ElfError when the table, a symbol index or (in a relocatable file) an offset is out of range
 */
export function readRelocations(
  reader: ByteReader,
  sections: readonly ElfSection[],
  fileType: number,
  section: ElfSection,
): ElfRelocation[] {
  const what = `relocation section ${section.name}`;
  if (section.type !== SHT_RELA && section.type !== SHT_REL)
    throw new ElfError(`section ${section.name} has no relocations`);
  const withAddend = section.type === SHT_RELA;
  const word = reader.wide ? 8 : 4;
  const entry = withAddend ? 3 * word : 2 * word;
  if (section.entrySize !== entry)
    throw new ElfError(`${what} has entries of ${section.entrySize} bytes instead of ${entry}`);
  if (section.size % entry !== 0)
    throw new ElfError(`${what} has ${section.size} bytes, which is no multiple of ${entry}`);
  const symbolCount = countSymbols(reader, sections, section, what);
  const limit = fileType === ET_REL ? BigInt(targetSize(sections, section, what)) : null;
  section.data();
  const relocations: ElfRelocation[] = [];
  const end = section.offset + section.size;
  for (let at = section.offset; at < end; at += entry) {
    const { offset, symbol, type } = readPlace(reader, at);
    if (symbol >= symbolCount) {
      throw new ElfError(`${what} refers to symbol ${symbol}, but there are only ${symbolCount}`);
    }
    if (limit !== null && offset >= limit) {
      throw new ElfError(`${what} changes byte 0x${offset.toString(16)} of a section of 0x${limit.toString(16)} bytes`);
    }
    relocations.push({ offset, type, symbol, addend: withAddend ? reader.signedWord(at + 2 * word) : 0n });
  }
  return relocations;
}

/** The fields before the addend; symbol and type share a word: 32 bits each in ELF64, 24 and 8 in ELF32. */
function readPlace({ view, littleEndian, wide }: ByteReader, at: number) {
  if (wide) {
    return {
      offset: view.getBigUint64(at, littleEndian),
      type: view.getUint32(littleEndian ? at + 8 : at + 12, littleEndian),
      symbol: view.getUint32(littleEndian ? at + 12 : at + 8, littleEndian),
    };
  }
  const info = view.getUint32(at + 4, littleEndian);
  return { offset: BigInt(view.getUint32(at, littleEndian)), type: info & 0xff, symbol: info >>> 8 };
}

/** Symbols a relocation may name; 1 (the null symbol) when there is no table. */
function countSymbols(reader: ByteReader, sections: readonly ElfSection[], section: ElfSection, what: string): number {
  if (section.link === 0) return 1;
  const table = sections[section.link];
  if (table === undefined || (table.type !== SHT_SYMTAB && table.type !== SHT_DYNSYM)) {
    throw new ElfError(`${what} has its symbols in section ${section.link}, which is no symbol table`);
  }
  return Math.floor(table.size / symbolSize(reader.wide));
}

function targetSize(sections: readonly ElfSection[], section: ElfSection, what: string): number {
  const target = sections[section.info];
  if (target === undefined || target.type === SHT_NULL) {
    throw new ElfError(`${what} applies to section ${section.info}, which does not exist`);
  }
  return target.size;
}
