import type { ByteReader } from "./byte-reader";
import { SHN_LORESERVE, SHN_UNDEF, SHN_XINDEX, SHT_NOBITS, SHT_NULL, SHT_STRTAB } from "./constants";
import { ElfError } from "./error";
import type { ElfHeader } from "./header";
import { StringTable } from "./string-table";

/** A section, its place in the file checked. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: bigint;
  readonly address: bigint;
  /** First byte in the file. */
  readonly offset: number;
  /** Bytes in memory; in the file too, unless the type is NOBITS. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  /** A power of two, at least 1. */
  readonly alignment: number;
  /** Bytes of an entry when the section is a table, else 0. */
  readonly entrySize: number;
  /** The bytes in the file: a view, not a copy; empty for NOBITS. */
  data(): Uint8Array;
}

interface RawSection extends Omit<ElfSection, "name"> {
  readonly nameOffset: number;
}

/** Reads the section header table. Throws ElfError. */
export function readSections(reader: ByteReader, header: ElfHeader): ElfSection[] {
  const { offset, entrySize } = header.sectionHeaders;
  if (offset === 0n) {
    if (header.sectionHeaders.count !== 0) throw new ElfError("the header counts sections but gives no place for them");
    return [];
  }
  const needed = reader.wide ? 64 : 40;
  if (entrySize !== needed) throw new ElfError(`section headers have ${entrySize} bytes each instead of ${needed}`);
  reader.checkRange(offset, BigInt(needed), "the first section header");
  const base = Number(offset);
  const first = readSection(reader, base, 0);
  // Counts that do not fit in 16 bits stand in the first section header (System V ABI, "Extended section numbering").
  const count = header.sectionHeaders.count === 0 ? first.size : header.sectionHeaders.count;
  const nameSection = header.nameSection === SHN_XINDEX ? first.link : header.nameSection;
  if (header.sectionHeaders.count >= SHN_LORESERVE) throw new ElfError("the number of sections is a reserved value");
  reader.checkRange(offset, BigInt(count) * BigInt(needed), `the table of ${count} section headers`);
  const raw = count === 0 ? [] : [first];
  for (let index = 1; index < count; index++) raw.push(readSection(reader, base + index * needed, index));
  const names = nameTable(raw, nameSection);
  return raw.map(({ nameOffset, ...section }) => ({ ...section, name: names === null ? "" : names.at(nameOffset) }));
}

function readSection(reader: ByteReader, at: number, index: number): RawSection {
  const word = reader.wide ? 8 : 4;
  const type = reader.u32(at + 4);
  const fields = at + 8;
  const offset = reader.word(fields + 2 * word);
  const size = reader.word(fields + 3 * word);
  const alignment = reader.word(fields + 4 * word + 8);
  const entrySize = reader.word(fields + 5 * word + 8);
  const what = `section ${index}`;
  if (type === SHT_NOBITS) {
    if (size > BigInt(Number.MAX_SAFE_INTEGER))
      throw new ElfError(`${what} has an impossible size, 0x${size.toString(16)}`);
  } else if (type !== SHT_NULL) {
    reader.checkRange(offset, size, what);
  }
  if (type !== SHT_NULL && (alignment & (alignment - 1n)) !== 0n && alignment !== 0n) {
    throw new ElfError(`${what} has alignment ${alignment}, which is not a power of two`);
  }
  return {
    index,
    nameOffset: reader.u32(at),
    type,
    flags: reader.word(fields),
    address: reader.word(fields + word),
    offset: clampToNumber(offset),
    size: clampToNumber(size),
    link: reader.u32(fields + 4 * word),
    info: reader.u32(fields + 4 * word + 4),
    alignment: alignment === 0n ? 1 : clampToNumber(alignment),
    entrySize: clampToNumber(entrySize),
    data: () => {
      if (type === SHT_NOBITS || type === SHT_NULL) return new Uint8Array(0);
      return reader.bytes.subarray(Number(offset), Number(offset + size));
    },
  };
}

/** What does not fit is out of every range that is checked later. */
function clampToNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function nameTable(sections: readonly RawSection[], index: number): StringTable | null {
  if (index === SHN_UNDEF || sections.length === 0) return null;
  const section = sections[index];
  if (section === undefined) {
    throw new ElfError(`section names should be in section ${index}, but there are only ${sections.length} sections`);
  }
  if (section.type !== SHT_STRTAB)
    throw new ElfError(`section names should be in section ${index}, which is no string table`);
  return new StringTable(section.data(), "the section name table");
}
