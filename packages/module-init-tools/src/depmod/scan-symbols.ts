import {
  ElfError,
  type ElfImage,
  type ElfSection,
  SHN_UNDEF,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_GLOBAL,
  STB_WEAK,
} from "elf-image";

/** The names that depmod needs out of a symbol table. */
export interface SymbolNames {
  /** Names that begin with {@link CRC_PREFIX}: one for each versioned export. */
  readonly checksums: readonly string[];
  /** What the module uses and does not define. */
  readonly undefinedSymbols: readonly UndefinedSymbol[];
}

export interface UndefinedSymbol {
  readonly name: string;
  /** It may stay unresolved. */
  readonly weak: boolean;
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
export function scanSymbols(image: ElfImage): SymbolNames {
  const table = image.sections.find(({ type }) => type === SHT_SYMTAB);
  if (table === undefined) return { checksums: [], undefinedSymbols: [] };
  const { size, info, section } = LAYOUTS[image.class];
  if (table.size % size !== 0) throw new ElfError(`symbol table ${table.name} has a part of a symbol at its end`);
  const bytes = table.data();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names = new Names(stringsOf(image, table));
  const checksums: string[] = [];
  const undefinedSymbols: UndefinedSymbol[] = [];
  // The first symbol of every table is empty.
  for (let offset = size; offset < bytes.length; offset += size) {
    const nameOffset = view.getUint32(offset, image.littleEndian);
    if (view.getUint16(offset + section, image.littleEndian) !== SHN_UNDEF) {
      if (names.startsWithCrcPrefix(nameOffset)) checksums.push(names.at(nameOffset));
      continue;
    }
    const binding = view.getUint8(offset + info) >> 4;
    if (binding !== STB_GLOBAL && binding !== STB_WEAK) continue;
    const name = names.at(nameOffset);
    if (name !== "") undefinedSymbols.push({ name, weak: binding === STB_WEAK });
  }
  return { checksums, undefinedSymbols };
}

function stringsOf(image: ElfImage, table: ElfSection): Uint8Array {
  const strings = image.sections[table.link];
  if (strings?.type === SHT_STRTAB) return strings.data();
  throw new ElfError(`symbol table ${table.name} has its names in section ${table.link}, which is no string table`);
}

const CRC_BYTES = new TextEncoder().encode(CRC_PREFIX);

/** A string table, decoded at once: names are then slices of one text. */
class Names {
  readonly #text: string;

  constructor(private readonly bytes: Uint8Array) {
    // Fatal would refuse names that are no UTF-8; what they become does not matter, they resolve nothing.
    const text = new TextDecoder().decode(bytes);
    this.#text = text.length === bytes.length ? text : latin1(bytes);
  }

  startsWithCrcPrefix(offset: number): boolean {
    return CRC_BYTES.every((byte, i) => this.bytes[offset + i] === byte);
  }

  at(offset: number): string {
    const end = this.#text.indexOf("\0", offset);
    if (offset >= this.bytes.length || end < 0) {
      throw new ElfError(`a symbol has its name at byte ${offset} of a string table of ${this.bytes.length} bytes`);
    }
    return this.#text.slice(offset, end);
  }
}

/** One character for each byte, so that offsets stay what they are. */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 4096) parts.push(String.fromCharCode(...bytes.subarray(i, i + 4096)));
  return parts.join("");
}
