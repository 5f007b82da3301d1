import {
  ElfError,
  type ElfImage,
  type ElfSection,
  type ElfSymbol,
  EM_X86_64,
  ET_REL,
  parseElf,
  relocateX86_64,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_STRINGS,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_RELA,
  STT_FILE,
  STT_SECTION,
} from "elf-image";

/** Addresses that sections are given, so that references between them can be read; as modules have them in Linux. */
const SECTIONS_BASE = 0xffffffffa0000000n;
/** Addresses that undefined symbols are given, each with room for offsets from it. */
const EXTERNALS_BASE = 0xffffffffc8000000n;
const EXTERNAL_ROOM = 4096n;
const PAGE = 4096n;

/** A section with code, its references filled in. */
export interface CodeSection {
  readonly name: string;
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** The same as the file has it: references not filled in. */
  readonly raw: Uint8Array;
  /** Named places in it, by address. */
  readonly symbols: readonly CodeSymbol[];
}

export interface CodeSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Bytes; up to the next symbol when the file does not say. */
  readonly size: bigint;
}

/** A module linked for reading: not as it will run, but so that every reference has a name. */
export interface LinkedImage {
  readonly sections: readonly CodeSection[];
  /** `crc16+0x25`, for an address in the image; `null` for any other. */
  nameOf(address: bigint): string | null;
  /** The text at an address in a section of strings. */
  stringAt(address: bigint): string | null;
}

interface Placed {
  readonly section: ElfSection;
  readonly address: bigint;
  readonly symbols: CodeSymbol[];
}

/** @throws ElfError */
export function linkForReading(bytes: Uint8Array): LinkedImage {
  const image = parseElf(bytes);
  if (image.machine !== EM_X86_64 || image.class !== 64) {
    throw new ElfError(`its code is for machine ${image.machine} (${image.class}-bit), not for x86-64`);
  }
  const placed = place(image);
  const externals = image.symbols.filter(({ sectionIndex, name }) => sectionIndex === SHN_UNDEF && name !== "");
  const externalAddress = new Map(
    externals.map((symbol, index) => [symbol, EXTERNALS_BASE + BigInt(index) * EXTERNAL_ROOM] as const),
  );
  const addressOf = (symbol: ElfSymbol): bigint | null => {
    const section = placed.get(symbol.sectionIndex);
    return section === undefined ? (externalAddress.get(symbol) ?? null) : section.address + symbol.value;
  };
  const sections = [...placed.values()].filter(({ section }) => (section.flags & SHF_EXECINSTR) !== 0n);
  return {
    sections: sections.map(({ section, address, symbols }) => {
      const bytes = relocated(image, section, address, addressOf);
      return { name: section.name, address, bytes, raw: section.data(), symbols };
    }),
    nameOf: (address) => nameIn([...placed.values()], address) ?? externalName(externals, address),
    stringAt: (address) => stringIn([...placed.values()], address),
  };
}

/** Gives every section that is loaded an address, and finds the symbols in it. */
function place(image: ElfImage): Map<number, Placed> {
  const placed = new Map<number, Placed>();
  let next = SECTIONS_BASE;
  for (const section of image.sections) {
    if ((section.flags & SHF_ALLOC) === 0n) continue;
    const address = image.type === ET_REL ? next : section.address;
    placed.set(section.index, { section, address, symbols: [] });
    next += ((BigInt(section.size) + PAGE) / PAGE) * PAGE;
  }
  for (const symbol of image.symbols) {
    const home = placed.get(symbol.sectionIndex);
    if (home === undefined || !isShown(symbol) || symbol.sectionIndex >= SHN_LORESERVE) continue;
    const address = image.type === ET_REL ? home.address + symbol.value : symbol.value;
    home.symbols.push({ name: symbol.name, address, size: symbol.size });
  }
  for (const { section, address, symbols } of placed.values()) {
    symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
    giveSizes(symbols, address + BigInt(section.size));
  }
  return placed;
}

function isShown({ name, type }: ElfSymbol): boolean {
  return name !== "" && type !== STT_SECTION && type !== STT_FILE && !name.startsWith(".L");
}

/** @param symbols by address */
function giveSizes(symbols: CodeSymbol[], end: bigint): void {
  let next = end;
  for (let index = symbols.length - 1; index >= 0; index--) {
    const symbol = symbols[index];
    if (symbol.size === 0n && next > symbol.address) symbols[index] = { ...symbol, size: next - symbol.address };
    if (index > 0 && symbols[index - 1].address < symbol.address) next = symbol.address;
  }
}

/** A section's contents with its relocations applied; one that cannot be applied is left as it is. */
function relocated(
  image: ElfImage,
  section: ElfSection,
  address: bigint,
  addressOf: (symbol: ElfSymbol) => bigint | null,
): Uint8Array {
  const bytes = Uint8Array.from(section.data());
  if (image.type !== ET_REL) return bytes;
  const tables = image.sections.filter(({ type, info }) => type === SHT_RELA && info === section.index);
  for (const { offset, type, symbol: index, addend } of tables.flatMap((table) => image.relocations(table))) {
    const symbol = image.symbols[index];
    const value = symbol === undefined ? null : addressOf(symbol);
    if (value === null || offset >= BigInt(bytes.length)) continue;
    try {
      relocateX86_64(bytes, { type, offset: Number(offset), place: address + offset, symbol: value, addend });
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
    }
  }
  return bytes;
}

function sectionAt(placed: readonly Placed[], address: bigint): Placed | undefined {
  return placed.find(
    ({ section, address: start }) => address >= start && address <= start + BigInt(section.size) && section.size > 0,
  );
}

function nameIn(placed: readonly Placed[], address: bigint): string | null {
  const home = sectionAt(placed, address);
  if (home === undefined) return null;
  const symbol = home.symbols.filter(({ address: start, size }) => address >= start && address - start <= size).at(-1);
  return symbol === undefined
    ? withOffset(home.section.name, address - home.address)
    : withOffset(symbol.name, address - symbol.address);
}

function externalName(externals: readonly ElfSymbol[], address: bigint): string | null {
  if (address < EXTERNALS_BASE) return null;
  const symbol = externals[Number((address - EXTERNALS_BASE) / EXTERNAL_ROOM)];
  return symbol === undefined ? null : withOffset(symbol.name, (address - EXTERNALS_BASE) % EXTERNAL_ROOM);
}

function withOffset(name: string, offset: bigint): string {
  return offset === 0n ? name : `${name}+0x${offset.toString(16)}`;
}

function stringIn(placed: readonly Placed[], address: bigint): string | null {
  const home = sectionAt(placed, address);
  if (home === undefined || (home.section.flags & SHF_STRINGS) === 0n) return null;
  const bytes = home.section.data().subarray(Number(address - home.address));
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}
