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
  /** Whether the file has all of its bytes. */
  readonly isInFile: boolean;
  /** The bytes in the file: a view, not a copy; empty for NOBITS, except for a tolerant reader. Throws ElfError. */
  data(): Uint8Array;
}

/** Reads the section header table. Throws ElfError. */
export function readSections(
  reader: ByteReader,
  header: ElfHeader,
  { pool, tolerant }: { readonly pool: NamePool; readonly tolerant: boolean },
): Section[] {
  const { offset, entrySize } = header.sectionHeaders;
  if (offset === 0n && !tolerant) {
    if (header.sectionHeaders.count !== 0) throw new ElfError("the header counts sections but gives no place for them");
    return [];
  }
  const needed = reader.wide ? 64 : 40;
  if (entrySize !== needed) throw new ElfError(`section headers have ${entrySize} bytes each instead of ${needed}`);
  reader.checkRange(offset, BigInt(needed), "the first section header");
  const base = Number(offset);
  reader.fetch(base, base + needed * Math.max(header.sectionHeaders.count, 1));
  const names = new SectionNames(tolerant);
  const first = new Section(reader, base, 0, names);
  // Counts that do not fit in 16 bits stand in the first section header (System V ABI, "Extended section numbering").
  const count = header.sectionHeaders.count === 0 ? first.size : header.sectionHeaders.count;
  const nameSection = header.nameSection === SHN_XINDEX ? first.link : header.nameSection;
  if (header.sectionHeaders.count >= SHN_LORESERVE) throw new ElfError("the number of sections is a reserved value");
  reader.checkRange(offset, BigInt(count) * BigInt(needed), `the table of ${count} section headers`);
  if (header.sectionHeaders.count === 0) reader.fetch(base, base + needed * count);
  const sections = count === 0 ? [] : [first];
  for (let index = 1; index < count; index++) sections.push(new Section(reader, base + index * needed, index, names));
  if (!tolerant) for (const section of sections) section.check();
  names.table = nameTable(sections, nameSection, pool, tolerant);
  // Throws for names that are none.
  if (!tolerant) for (const section of sections) void section.name;
  return sections;
}

/** Where the fields of a section header are, behind name and type (System V ABI, "Section header"). */
const FIELDS = {
  32: { flags: 8, address: 12, offset: 16, size: 20, link: 24, info: 28, alignment: 32, entrySize: 36 },
  64: { flags: 8, address: 16, offset: 24, size: 32, link: 40, info: 44, alignment: 48, entrySize: 56 },
} as const;

/** Files have dozens of sections: everything is read when somebody asks for it. */
export class Section implements ElfSection {
  #name: string | null = null;
  #isFetched = false;

  constructor(
    readonly reader: ByteReader,
    readonly at: number,
    readonly index: number,
    readonly names: SectionNames,
  ) {}

  get name(): string {
    this.#name ??= this.names.at(this.reader.u32(this.at));
    return this.#name;
  }

  isNamed(name: string): boolean {
    return this.names.isAt(this.reader.u32(this.at), name);
  }

  get type(): number {
    return this.reader.u32(this.at + 4);
  }

  get flags(): bigint {
    return this.reader.word(this.at + fieldsOf(this.reader).flags);
  }

  get address(): bigint {
    return this.reader.word(this.at + fieldsOf(this.reader).address);
  }

  get offset(): number {
    return this.reader.length(this.at + fieldsOf(this.reader).offset);
  }

  get size(): number {
    return this.reader.length(this.at + fieldsOf(this.reader).size);
  }

  get link(): number {
    return this.reader.u32(this.at + fieldsOf(this.reader).link);
  }

  get info(): number {
    return this.reader.u32(this.at + fieldsOf(this.reader).info);
  }

  get alignment(): number {
    return this.reader.length(this.at + fieldsOf(this.reader).alignment) || 1;
  }

  get entrySize(): number {
    return this.reader.length(this.at + fieldsOf(this.reader).entrySize);
  }

  get isInFile(): boolean {
    return this.offset + this.size <= this.reader.bytes.length;
  }

  data(): Uint8Array {
    if (!this.names.tolerant && (this.type === SHT_NOBITS || this.type === SHT_NULL)) return new Uint8Array(0);
    this.#checkRange();
    const end = this.offset + this.size;
    if (!this.#isFetched) this.reader.fetch(this.offset, end);
    this.#isFetched = true;
    return this.reader.bytes.subarray(this.offset, end);
  }

  /** Throws ElfError for what no section can be. */
  check(): void {
    const { reader, at, type, index } = this;
    if (type === SHT_NULL) return;
    const fields = fieldsOf(reader);
    if (type !== SHT_NOBITS) this.#checkRange();
    else if (this.size === TOO_LONG) {
      throw new ElfError(`section ${index} has an impossible size, 0x${reader.word(at + fields.size).toString(16)}`);
    }
    if (!isPowerOfTwo(this.alignment)) {
      const alignment = reader.word(at + fields.alignment);
      throw new ElfError(`section ${index} has alignment ${alignment}, which is not a power of two`);
    }
  }

  #checkRange(): void {
    if (this.isInFile) return;
    const { reader, at, index } = this;
    const { offset, size } = fieldsOf(reader);
    reader.checkRange(reader.word(at + offset), reader.word(at + size), `section ${index}`);
  }
}

function fieldsOf({ wide }: ByteReader): (typeof FIELDS)[32 | 64] {
  return wide ? FIELDS[64] : FIELDS[32];
}

/** Alignments of 2^53 and more are not looked at closely: nothing has them. */
function isPowerOfTwo(value: number): boolean {
  if (value < 2 ** 31) return (value & (value - 1)) === 0;
  return value === TOO_LONG || Number.isInteger(Math.log2(value));
}

/** What section headers have for names: offsets in a table that is one of the sections. */
class SectionNames {
  table: StringTable | null = null;

  constructor(readonly tolerant: boolean) {}

  /** Nobody can ask a tolerant reader for a section whose name is none. */
  at(offset: number): string {
    try {
      return this.table?.at(offset) ?? "";
    } catch (error) {
      if (!this.tolerant || !(error instanceof ElfError)) throw error;
      return "";
    }
  }

  isAt(offset: number, name: string): boolean {
    return this.table === null ? name === "" : this.table.isAt(offset, name);
  }
}

function nameTable(sections: readonly Section[], index: number, pool: NamePool, tolerant: boolean): StringTable | null {
  if (index === SHN_UNDEF || sections.length === 0) return null;
  const section = sections[index];
  if (section === undefined) {
    throw new ElfError(`section names should be in section ${index}, but there are only ${sections.length} sections`);
  }
  if (section.type !== SHT_STRTAB && !tolerant)
    throw new ElfError(`section names should be in section ${index}, which is no string table`);
  const bytes = section.data();
  if (tolerant && bytes.at(-1) !== 0) throw new ElfError("the section name table has no NUL at its end");
  return new StringTable(bytes, "the section name table", pool);
}
