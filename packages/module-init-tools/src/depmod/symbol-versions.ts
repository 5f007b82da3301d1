import { decodeText, type ElfImage, NamePool, SHN_ABS, SHN_UNDEF, StringTable } from "elf-image";
import { CRC_PREFIX, startsWithCrcPrefix, symbolTable } from "./scan-symbols";

/** A symbol and the checksum of its declaration. */
export interface SymbolVersion {
  readonly name: string;
  readonly version: bigint;
}

/** Bytes of an entry of `__versions`: a checksum of one word, and a name that fills the rest. */
const ENTRY_SIZE = 64;

/** What a module needs, from `__versions`; null when it has none, or one that ends within an entry. */
export function neededVersions(image: ElfImage): SymbolVersion[] | null {
  const bytes = versionTable(image);
  if (bytes === undefined) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pool = new NamePool();
  return neededNames(image, pool).map((number, index) => {
    const at = index * ENTRY_SIZE;
    const version =
      image.class === 64 ? view.getBigUint64(at, image.littleEndian) : BigInt(view.getUint32(at, image.littleEndian));
    return { name: pool.nameOf(number), version };
  });
}

/** The names in `__versions`, by their numbers. */
export function neededNames(image: ElfImage, pool: NamePool): number[] {
  const bytes = versionTable(image) ?? new Uint8Array(0);
  const names: number[] = [];
  for (let end = ENTRY_SIZE; end <= bytes.length; end += ENTRY_SIZE) {
    names.push(nameAt(bytes, end - ENTRY_SIZE + image.class / 8, end, pool));
  }
  return names;
}

function versionTable(image: ElfImage): Uint8Array | undefined {
  const bytes = image.section("__versions")?.data();
  return bytes === undefined || bytes.length % ENTRY_SIZE !== 0 ? undefined : bytes;
}

/** A name that ends with a NUL, or fills its place. */
function nameAt(bytes: Uint8Array, start: number, end: number, pool: NamePool): number {
  const number = pool.numberAt(bytes, start, end - start - 1);
  return number < 0 ? pool.numberOf(decodeText(bytes.subarray(start, end))) : number;
}

/**
 * What a module offers: its `__crc_` symbols, or without those the names in `__ksymtab_strings`, with version 0; null
 * when it has neither. @throws ElfError
 */
export function exportedVersions(image: ElfImage): SymbolVersion[] | null {
  const checksums = checksumSymbols(image);
  if (checksums.length > 0) return checksums;
  return exportedNames(image)?.map((name) => ({ name, version: 0n })) ?? null;
}

/** The names in `__ksymtab_strings`, where exports have no versions; null when there is no such section. */
export function exportedNames(image: ElfImage): string[] | null {
  const bytes = image.section("__ksymtab_strings")?.data();
  if (bytes === undefined) return null;
  // A single byte is no text, as with kmod.
  return bytes.length > 1
    ? decodeText(bytes)
        .split("\0")
        .filter((text) => text !== "")
    : [];
}

function checksumSymbols(image: ElfImage): SymbolVersion[] {
  const table = symbolTable(image);
  const found: SymbolVersion[] = [];
  if (table === null) return found;
  const { size, section, value, view, strings, namesEnd } = table;
  const names = new StringTable(strings, "the string table");
  for (let offset = size; offset < view.byteLength; offset += size) {
    const nameOffset = view.getUint32(offset, image.littleEndian);
    if (nameOffset >= namesEnd) return [];
    if (!startsWithCrcPrefix(strings, nameOffset)) continue;
    const sectionIndex = view.getUint16(offset + section, image.littleEndian);
    const at = offset + value;
    const written =
      image.class === 64 ? view.getBigUint64(at, image.littleEndian) : BigInt(view.getUint32(at, image.littleEndian));
    const isWritten = sectionIndex === SHN_ABS || sectionIndex === SHN_UNDEF;
    const version = isWritten ? written : wordAt(image, sectionIndex, written);
    found.push({ name: names.at(nameOffset + CRC_PREFIX.length), version });
  }
  return found;
}

/** What kmod takes for a checksum that is nowhere. */
const NO_CHECKSUM = 0xffff_ffff_ffff_ffffn;

/** Newer kernels keep the checksum in a section, and the symbol says where. */
function wordAt(image: ElfImage, index: number, offset: bigint): bigint {
  const section = image.sections[index];
  if (section === undefined || !section.isInFile || offset + 4n > BigInt(section.size)) return NO_CHECKSUM;
  const bytes = section.data();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return BigInt(view.getUint32(Number(offset), image.littleEndian));
}
