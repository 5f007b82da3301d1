/** What a module made for a test says of itself. */
export interface ModuleContent {
  /** 32 or 64 bits; 64 when absent. */
  readonly bits?: 32 | 64;
  readonly bigEndian?: boolean;
  /** Symbols for others. */
  readonly exports?: readonly string[];
  /** The checksums of {@link exports}, by name; 0 where absent. */
  readonly checksums?: Readonly<Record<string, number>>;
  /** Where the checksums are: in the symbols themselves, or (newer kernels) in a section that the symbols point to. */
  readonly checksumsIn?: "symbols" | "section";
  /** Symbols for others, without a version each. */
  readonly unversionedExports?: readonly string[];
  /** Symbols of others that it uses. */
  readonly imports?: readonly string[];
  /** Symbols of others that it can do without. */
  readonly weakImports?: readonly string[];
  /** The checksums that it was built with, by symbol. */
  readonly versions?: Readonly<Record<string, number>>;
  /** Lines of `.modinfo`: `alias=...`. */
  readonly modinfo?: readonly string[];
}

/** How numbers are written: the class and the byte order of an ELF file, and where its fields are. */
interface Format {
  readonly wordSize: 4 | 8;
  readonly littleEndian: boolean;
  readonly machine: number;
  readonly headerSize: number;
  readonly sectionSize: number;
  readonly symbolSize: number;
}

const EM_386 = 3;
const EM_PPC = 20;
const EM_X86_64 = 62;
const ELF_64 = { wordSize: 8, headerSize: 64, sectionSize: 64, symbolSize: 24 } as const;
const ELF_32 = { wordSize: 4, headerSize: 52, sectionSize: 40, symbolSize: 16 } as const;

const ET_REL = 1;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHN_ABS = 0xfff1;
const STB_GLOBAL = 1;
const STB_WEAK = 2;

/** Places in the list of sections; 0 is the one that is always empty. */
const STRTAB = 3;
const KCRCTAB = 6;

/** Bytes of an entry of `__versions`: a checksum of one word, and a name that fills the rest. */
const VERSION_SIZE = 64;

/** Makes the smallest relocatable ELF file that has these symbols: no code, but everything that depmod looks at. */
export function makeModule(content: ModuleContent = {}): Uint8Array {
  const { bits = 64, bigEndian = false, exports = [], checksums = {}, checksumsIn = "symbols", versions } = content;
  const machine = bigEndian ? EM_PPC : bits === 64 ? EM_X86_64 : EM_386;
  const format: Format = { ...(bits === 64 ? ELF_64 : ELF_32), littleEndian: !bigEndian, machine };
  const names = stringTable();
  const sum = (name: string) => checksums[name] ?? 0;
  const checksumSymbol = (name: string, i: number) =>
    checksumsIn === "symbols" ? { section: SHN_ABS, value: sum(name) } : { section: KCRCTAB, value: 4 * i };
  const global = { binding: STB_GLOBAL, section: 0, value: 0 };
  const symbols = [
    symbol(format, { name: 0, binding: 0, section: 0, value: 0 }),
    ...exports.map((name, i) =>
      symbol(format, { name: names.add(`__crc_${name}`), binding: STB_GLOBAL, ...checksumSymbol(name, i) }),
    ),
    ...(content.imports ?? []).map((name) => symbol(format, { name: names.add(name), ...global })),
    ...(content.weakImports ?? []).map((name) =>
      symbol(format, { name: names.add(name), ...global, binding: STB_WEAK }),
    ),
  ];
  return elfFile(format, [
    { name: ".modinfo", type: SHT_PROGBITS, bytes: texts(content.modinfo ?? []) },
    { name: ".symtab", type: SHT_SYMTAB, bytes: join(symbols), link: STRTAB, info: 1, entrySize: format.symbolSize },
    { name: ".strtab", type: SHT_STRTAB, bytes: names.bytes() },
    { name: "__ksymtab_strings", type: SHT_PROGBITS, bytes: texts(content.unversionedExports ?? []) },
    {
      name: versions === undefined ? ".comment" : "__versions",
      type: SHT_PROGBITS,
      bytes: versionTable(format, versions),
    },
    { name: "__kcrctab", type: SHT_PROGBITS, bytes: join(exports.map((name) => numbers(format, 4, [[0, sum(name)]]))) },
  ]);
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly link?: number;
  readonly info?: number;
  readonly entrySize?: number;
}

/** Header, section headers, then the content of each section, aligned to 8 bytes. */
function elfFile(format: Format, given: readonly Section[]): Uint8Array {
  const names = stringTable();
  const nameOffsets = [...given.map(({ name }) => names.add(name)), names.add(".shstrtab")];
  const sections: Section[] = [...given, { name: ".shstrtab", type: SHT_STRTAB, bytes: names.bytes() }];
  const { wordSize, headerSize, sectionSize } = format;
  const headers: Uint8Array[] = [new Uint8Array(sectionSize)];
  const contents: Uint8Array[] = [];
  // Contents are aligned although the headers of a 32-bit file are not.
  const start = Math.ceil((headerSize + sectionSize * (sections.length + 1)) / 8) * 8;
  let offset = start;
  for (const [i, { type, bytes, link = 0, info = 0, entrySize = 0 }] of sections.entries()) {
    const words = [0, 0, offset, bytes.length];
    const fields = [...words.map((value, n): [number, number] => [8 + n * wordSize, value])];
    const linkAt = 8 + 4 * wordSize;
    headers.push(
      numbers(
        format,
        sectionSize,
        [
          [0, nameOffsets[i] ?? 0],
          [4, type],
          [linkAt, link],
          [linkAt + 4, info],
        ],
        [...fields, [linkAt + 8, 8], [linkAt + 8 + wordSize, entrySize]],
      ),
    );
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    contents.push(padded);
    offset += padded.length;
  }
  const front = join([elfHeader(format, sections.length + 1), ...headers]);
  return join([front, new Uint8Array(start - front.length), ...contents]);
}

/** Where the fields after the machine are (System V ABI, "ELF Header"). */
function elfHeader(format: Format, sections: number): Uint8Array {
  const { wordSize, littleEndian, machine, headerSize, sectionSize } = format;
  const bytes = numbers(format, headerSize, [[20, 1]], [[24 + 2 * wordSize, headerSize]]);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wordSize / 4, littleEndian ? 1 : 2, 1]); // magic, class, byte order, version
  const view = new DataView(bytes.buffer);
  const sizesAt = 24 + 3 * wordSize + 4;
  view.setUint16(16, ET_REL, littleEndian);
  view.setUint16(18, machine, littleEndian);
  view.setUint16(sizesAt, headerSize, littleEndian);
  view.setUint16(sizesAt + 6, sectionSize, littleEndian);
  view.setUint16(sizesAt + 8, sections, littleEndian);
  view.setUint16(sizesAt + 10, sections - 1, littleEndian);
  return bytes;
}

interface Symbol {
  /** Offset in the string table. */
  readonly name: number;
  readonly binding: number;
  readonly section: number;
  readonly value: number;
}

function symbol(format: Format, { name, binding, section, value }: Symbol): Uint8Array {
  const wide = format.wordSize === 8;
  const bytes = numbers(format, format.symbolSize, [[0, name]], [[wide ? 8 : 4, value]]);
  const view = new DataView(bytes.buffer);
  view.setUint8(wide ? 4 : 12, binding << 4);
  view.setUint16(wide ? 6 : 14, section, format.littleEndian);
  return bytes;
}

/** `__versions`. Names that are too long are cut off, with the NUL behind them. */
function versionTable(format: Format, versions: Readonly<Record<string, number>> = {}): Uint8Array {
  const entries = Object.entries(versions).map(([name, version]) => {
    const bytes = numbers(format, VERSION_SIZE, [], [[0, version]]);
    bytes.set(new TextEncoder().encode(name).subarray(0, VERSION_SIZE - format.wordSize - 1), format.wordSize);
    return bytes;
  });
  return join(entries);
}

/** Bytes with numbers of 4 bytes, and of the class's size, at offsets. */
function numbers(
  { wordSize, littleEndian }: Format,
  size: number,
  halves: readonly (readonly [offset: number, value: number])[],
  words: readonly (readonly [offset: number, value: number])[] = [],
): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (const [offset, value] of halves) view.setUint32(offset, value, littleEndian);
  for (const [offset, value] of words) {
    if (wordSize === 8) view.setBigUint64(offset, BigInt(value), littleEndian);
    else view.setUint32(offset, value, littleEndian);
  }
  return bytes;
}

/** Each with a NUL at its end. */
function texts(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\0`).join(""));
}

function stringTable(): { add(text: string): number; bytes(): Uint8Array } {
  const parts: Uint8Array[] = [new Uint8Array(1)];
  let size = 1;
  return {
    add(text) {
      const offset = size;
      const bytes = texts([text]);
      parts.push(bytes);
      size += bytes.length;
      return offset;
    },
    bytes: () => join(parts),
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
