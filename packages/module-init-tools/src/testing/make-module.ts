/** What a module made for a test says of itself. */
export interface ModuleContent {
  /** Symbols for others. */
  readonly exports?: readonly string[];
  /** Symbols for others, without a version each. */
  readonly unversionedExports?: readonly string[];
  /** Symbols of others that it uses. */
  readonly imports?: readonly string[];
  /** Symbols of others that it can do without. */
  readonly weakImports?: readonly string[];
  /** Lines of `.modinfo`: `alias=...`. */
  readonly modinfo?: readonly string[];
}

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;

const EM_X86_64 = 62;
const ET_REL = 1;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHN_ABS = 0xfff1;
const STB_GLOBAL = 1;
const STB_WEAK = 2;

/** Makes the smallest relocatable ELF64 file that has these symbols: no code, but everything that depmod looks at. */
export function makeModule(content: ModuleContent = {}): Uint8Array {
  const names = stringTable();
  const symbols = [
    symbol(0, 0, 0),
    ...(content.exports ?? []).map((name) => symbol(names.add(`__crc_${name}`), STB_GLOBAL, SHN_ABS)),
    ...(content.imports ?? []).map((name) => symbol(names.add(name), STB_GLOBAL, 0)),
    ...(content.weakImports ?? []).map((name) => symbol(names.add(name), STB_WEAK, 0)),
  ];
  const modinfo = texts(content.modinfo ?? []);
  const exported = texts(content.unversionedExports ?? []);
  return elfFile([
    { name: ".modinfo", type: SHT_PROGBITS, bytes: modinfo },
    { name: ".symtab", type: SHT_SYMTAB, bytes: join(symbols), link: 3, info: 1, entrySize: SYMBOL_SIZE },
    { name: ".strtab", type: SHT_STRTAB, bytes: names.bytes() },
    { name: "__ksymtab_strings", type: SHT_PROGBITS, bytes: exported },
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
function elfFile(given: readonly Section[]): Uint8Array {
  const names = stringTable();
  const nameOffsets = [...given.map(({ name }) => names.add(name)), names.add(".shstrtab")];
  const sections: Section[] = [...given, { name: ".shstrtab", type: SHT_STRTAB, bytes: names.bytes() }];
  const headers = new Uint8Array(SECTION_SIZE * (sections.length + 1));
  const contents: Uint8Array[] = [];
  let offset = HEADER_SIZE + headers.length;
  for (const [i, { type, bytes, link = 0, info = 0, entrySize = 0 }] of sections.entries()) {
    const view = new DataView(headers.buffer, SECTION_SIZE * (i + 1));
    view.setUint32(0, nameOffsets[i] ?? 0, true);
    view.setUint32(4, type, true);
    view.setBigUint64(24, BigInt(offset), true);
    view.setBigUint64(32, BigInt(bytes.length), true);
    view.setUint32(40, link, true);
    view.setUint32(44, info, true);
    view.setBigUint64(48, 8n, true);
    view.setBigUint64(56, BigInt(entrySize), true);
    const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    contents.push(padded);
    offset += padded.length;
  }
  return join([elfHeader(sections.length + 1), headers, ...contents]);
}

function elfHeader(sections: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64 bits, little endian, version
  const view = new DataView(bytes.buffer);
  view.setUint16(16, ET_REL, true);
  view.setUint16(18, EM_X86_64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(HEADER_SIZE), true);
  view.setUint16(52, HEADER_SIZE, true);
  view.setUint16(58, SECTION_SIZE, true);
  view.setUint16(60, sections, true);
  view.setUint16(62, sections - 1, true);
  return bytes;
}

function symbol(name: number, binding: number, section: number): Uint8Array {
  const bytes = new Uint8Array(SYMBOL_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name, true);
  view.setUint8(4, binding << 4);
  view.setUint16(6, section, true);
  return bytes;
}

/** Each with a NUL at its end. */
function texts(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\0`).join(""));
}

function stringTable(): { add(text: string): number; bytes(): Uint8Array } {
  let table = "\0";
  return {
    add(text) {
      const offset = table.length;
      table += `${text}\0`;
      return offset;
    },
    bytes: () => new TextEncoder().encode(table),
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
