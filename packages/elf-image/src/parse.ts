import type { FetchBytes } from "./byte-reader";
import { SHT_SYMTAB } from "./constants";
import { ElfError } from "./error";
import { readHeader } from "./header";
import { NamePool } from "./name-pool";
import { type ElfRelocation, readRelocations } from "./relocation";
import { type ElfSection, readSections } from "./section";
import { type ElfSegment, readSegments } from "./segment";
import { type ElfSymbol, readSymbols } from "./symbol";

/** An ELF file: what its header says, and its tables. Names and ranges are checked. */
export interface ElfImage {
  readonly class: 32 | 64;
  readonly littleEndian: boolean;
  /** ET_*. */
  readonly type: number;
  /** EM_*. */
  readonly machine: number;
  /** Machine-specific flags of the header. */
  readonly flags: number;
  readonly entry: bigint;
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
  /** The symbols of `.symtab`, read at first use; empty when there is none. Throws ElfError. */
  readonly symbols: readonly ElfSymbol[];
  /** The first section of that name. */
  section(name: string): ElfSection | undefined;
  /** The relocations in a SHT_RELA or SHT_REL section. Throws ElfError. */
  relocations(section: ElfSection): ElfRelocation[];
}

/** How {@link parseElf} reads. */
export interface ParseOptions {
  /** For the names of sections, where many files are read. */
  readonly pool?: NamePool;
  /**
   * Mind only what is asked for, as kmod does with broken files: there are no segments, the ELF version and the types of
   * sections do not matter, and a section that the file does not have in full cannot be found by its name.
   */
  readonly tolerant?: boolean;
  /**
   * Called before bytes are looked at, once for each section, where they are not all in memory yet: the first 64 have to
   * be. Ranges may overlap, and may end behind the file. Only for a tolerant reader: the other one looks everywhere.
   */
  readonly fetch?: FetchBytes;
}

/**
 * Reads an ELF file of either class and byte order.
 *
 * @param bytes the whole file; kept, not copied
 * @throws ElfError, with a sentence, for anything malformed
 * @see System V ABI, chapters 4 and 5
 */
export function parseElf(bytes: Uint8Array, options: ParseOptions = {}): ElfImage {
  const { pool = new NamePool(), tolerant = false, fetch } = options;
  const { header, reader } = readHeader(bytes, tolerant, fetch);
  const sections = readSections(reader, header, { pool, tolerant });
  const segments = tolerant ? [] : readSegments(reader, header, sections[0]?.info ?? 0);
  let symbols: readonly ElfSymbol[] | undefined;
  const image: ElfImage = {
    class: header.class,
    littleEndian: header.littleEndian,
    type: header.type,
    machine: header.machine,
    flags: header.flags,
    entry: header.entry,
    sections,
    segments,
    get symbols() {
      symbols ??= readSymbolTable();
      return symbols;
    },
    section: (name) =>
      sections.find((section) => section.isNamed(name) && (!tolerant || (section.index > 0 && section.isInFile))),
    relocations: (section) => readRelocations(reader, sections, header.type, section),
  };
  return image;

  function readSymbolTable(): readonly ElfSymbol[] {
    const [table, second] = sections.filter(({ type }) => type === SHT_SYMTAB);
    if (second !== undefined) throw new ElfError("the file has more than one symbol table");
    return table === undefined ? [] : readSymbols(reader, sections, table);
  }
}
