import { type ByteReader, TOO_LONG } from "./byte-reader";
import { SHN_LORESERVE, SHN_UNDEF, SHN_XINDEX, SHT_NOBITS, SHT_NULL, SHT_STRTAB } from "./constants";
import { ElfError } from "./error";
import type { ElfHeader } from "./header";
import type { NamePool } from "./name-pool";
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

/** Reads the section header table. Throws ElfError. */
export function readSections(
  reader: ByteReader,
  header: ElfHeader,
  { pool, tolerant }: { readonly pool: NamePool; readonly tolerant: boolean },
): ElfSection[] {
  const { offset, entrySize } = header.sectionHeaders;
  if (offset === 0n) {
    if (header.sectionHeaders.count !== 0) throw new ElfError("the header counts sections but gives no place for them");
    return [];
  }
  const needed = reader.wide ? 64 : 40;
  if (entrySize !== needed) throw new ElfError(`section headers have ${entrySize} bytes each instead of ${needed}`);
  reader.checkRange(offset, BigInt(needed), "the first section header");
  const base = Number(offset);
  const first = new Section(reader, base, 0);
  // Counts that do not fit in 16 bits stand in the first section header (System V ABI, "Extended section numbering").
  const count = header.sectionHeaders.count === 0 ? first.size : header.sectionHeaders.count;
  const nameSection = header.nameSection === SHN_XINDEX ? first.link : header.nameSection;
  if (header.sectionHeaders.count >= SHN_LORESERVE) throw new ElfError("the number of sections is a reserved value");
  reader.checkRange(offset, BigInt(count) * BigInt(needed), `the table of ${count} section headers`);
  const sections = count === 0 ? [] : [first];
  for (let index = 1; index < count; index++) sections.push(new Section(reader, base + index * needed, index));
  if (!tolerant) for (const section of sections) section.check();
  nameSections(sections, nameSection, pool, tolerant);
  return sections;
}

/** Files have dozens of sections: what few ask for is read when they do. */
class Section implements ElfSection {
  name = "";
  readonly nameOffset: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly alignment: number;

  constructor(
    readonly reader: ByteReader,
    readonly at: number,
    readonly index: number,
  ) {
    this.nameOffset = reader.u32(at);
    this.type = reader.u32(at + 4);
    this.offset = reader.length(this.#field(2));
    this.size = reader.length(this.#field(3));
    this.alignment = reader.length(this.#afterLinks(0)) || 1;
  }

  get flags(): bigint {
    return this.reader.word(this.#field(0));
  }

  get address(): bigint {
    return this.reader.word(this.#field(1));
  }

  get link(): number {
    return this.reader.u32(this.#field(4));
  }

  get info(): number {
    return this.reader.u32(this.#field(4) + 4);
  }

  get entrySize(): number {
    return this.reader.length(this.#afterLinks(1));
  }

  data(): Uint8Array {
    if (this.type === SHT_NOBITS || this.type === SHT_NULL) return new Uint8Array(0);
    this.#checkRange();
    return this.reader.bytes.subarray(this.offset, this.offset + this.size);
  }

  /** Throws ElfError for what no section can be. */
  check(): void {
    const { reader, type, index } = this;
    if (type === SHT_NULL) return;
    if (type === SHT_NOBITS && this.size === TOO_LONG) {
      throw new ElfError(`section ${index} has an impossible size, 0x${reader.word(this.#field(3)).toString(16)}`);
    }
    if (type !== SHT_NOBITS) this.#checkRange();
    if (!isPowerOfTwo(this.alignment)) {
      const alignment = reader.word(this.#afterLinks(0));
      throw new ElfError(`section ${index} has alignment ${alignment}, which is not a power of two`);
    }
  }

  #checkRange(): void {
    const { reader, index } = this;
    if (this.offset + this.size <= reader.bytes.length) return;
    reader.checkRange(reader.word(this.#field(2)), reader.word(this.#field(3)), `section ${index}`);
  }

  /** Where a word is of those that follow name and type: flags, address, offset, size, and then link and info. */
  #field(index: number): number {
    return this.at + 8 + index * this.reader.wordSize;
  }

  /** Where a word is of those that follow link and info: alignment, entry size. */
  #afterLinks(index: number): number {
    return this.#field(4 + index) + 8;
  }
}

/** Alignments of 2^53 and more are not looked at closely: nothing has them. */
function isPowerOfTwo(value: number): boolean {
  return value === TOO_LONG || Number.isInteger(Math.log2(value));
}

function nameSections(sections: readonly Section[], index: number, pool: NamePool, tolerant: boolean): void {
  if (index === SHN_UNDEF || sections.length === 0) return;
  const section = sections[index];
  if (section === undefined) {
    throw new ElfError(`section names should be in section ${index}, but there are only ${sections.length} sections`);
  }
  if (section.type !== SHT_STRTAB && !tolerant)
    throw new ElfError(`section names should be in section ${index}, which is no string table`);
  const names = new StringTable(section.data(), "the section name table", pool);
  for (const named of sections) {
    try {
      named.name = names.at(named.nameOffset);
    } catch (error) {
      // Nobody can ask for a section without a name.
      if (!tolerant || !(error instanceof ElfError)) throw error;
    }
  }
}
