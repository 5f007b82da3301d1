import { ByteReader, type FetchBytes } from "./byte-reader";
import { ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, EV_CURRENT } from "./constants";
import { ElfError } from "./error";

/** The file header, with the sizes of the tables it describes still as the file has them. */
export interface ElfHeader {
  readonly class: 32 | 64;
  readonly littleEndian: boolean;
  readonly type: number;
  readonly machine: number;
  readonly flags: number;
  readonly entry: bigint;
  readonly programHeaders: { readonly offset: bigint; readonly entrySize: number; readonly count: number };
  readonly sectionHeaders: { readonly offset: bigint; readonly entrySize: number; readonly count: number };
  /** Section that holds the section names. */
  readonly nameSection: number;
}

const IDENT_SIZE = 16;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/**
 * Reads the header and makes the reader for the rest of the file.
 *
 * @param tolerant leaves unread what says nothing about where things are
 */
export function readHeader(
  bytes: Uint8Array,
  tolerant = false,
  fetch?: FetchBytes,
): { header: ElfHeader; reader: ByteReader } {
  if (bytes.length === 0) throw new ElfError("the file is empty");
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new ElfError("this is not an ELF file: it does not begin with 7f 45 4c 46");
  }
  if (bytes.length < IDENT_SIZE) throw new ElfError(`the ELF header is cut off after ${bytes.length} bytes`);
  const [elfClass, data, version] = [bytes[4], bytes[5], bytes[6]];
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) throw new ElfError(`unknown ELF class ${elfClass}`);
  if (data !== ELFDATA2LSB && data !== ELFDATA2MSB) throw new ElfError(`unknown byte order ${data}`);
  if (version !== EV_CURRENT && !tolerant) throw new ElfError(`unknown ELF version ${version}`);
  const wide = elfClass === ELFCLASS64;
  const headerSize = wide ? 64 : 52;
  if (bytes.length < headerSize) throw new ElfError(`the ELF header is cut off after ${bytes.length} bytes`);
  const reader = new ByteReader(bytes, data === ELFDATA2LSB, wide, fetch);
  const word = wide ? 8 : 4;
  // After e_version (offset 20) come three words, then e_flags and six half-words.
  const flags = 24 + 3 * word;
  const header: ElfHeader = {
    class: wide ? 64 : 32,
    littleEndian: reader.littleEndian,
    type: reader.u16(16),
    machine: reader.u16(18),
    flags: reader.u32(flags),
    entry: reader.word(24),
    programHeaders: {
      offset: reader.word(24 + word),
      entrySize: reader.u16(flags + 6),
      count: reader.u16(flags + 8),
    },
    sectionHeaders: {
      offset: reader.word(24 + 2 * word),
      entrySize: reader.u16(flags + 10),
      count: reader.u16(flags + 12),
    },
    nameSection: reader.u16(flags + 14),
  };
  if (reader.u16(flags + 4) < headerSize && !tolerant) {
    throw new ElfError(`the ELF header says that it has ${reader.u16(flags + 4)} bytes; it needs ${headerSize}`);
  }
  return { header, reader };
}
