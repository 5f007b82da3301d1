import { decodeText, type ElfImage, NamePool, SHN_ABS } from "elf-image";
import { CRC_PREFIX } from "./scan-symbols";

/** A symbol and the checksum of its declaration. */
export interface SymbolVersion {
  readonly name: string;
  readonly version: bigint;
}

/** Bytes of an entry of `__versions`: a checksum of one word, and a name that fills the rest. */
const ENTRY_SIZE = 64;

/** What a module needs, from `__versions`; null when it has none. @throws ElfError */
export function neededVersions(image: ElfImage): SymbolVersion[] | null {
  const bytes = image.section("__versions")?.data();
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

/** The names in `__versions`, by their numbers. @throws ElfError */
export function neededNames(image: ElfImage, pool: NamePool): number[] {
  const bytes = image.section("__versions")?.data() ?? new Uint8Array(0);
  const names: number[] = [];
  for (let end = ENTRY_SIZE; end <= bytes.length; end += ENTRY_SIZE) {
    names.push(nameAt(bytes, end - ENTRY_SIZE + image.class / 8, end, pool));
  }
  return names;
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
  const checksums = image.symbols.filter(({ name }) => name.startsWith(CRC_PREFIX));
  if (checksums.length > 0) {
    return checksums.map(({ name, value, sectionIndex }) => ({
      name: name.slice(CRC_PREFIX.length),
      version: sectionIndex === SHN_ABS ? value : wordAt(image, sectionIndex, value),
    }));
  }
  const strings = image.section("__ksymtab_strings")?.data();
  if (strings === undefined) return null;
  const names = decodeText(strings).split("\0");
  return names.flatMap((name) => (name === "" ? [] : [{ name, version: 0n }]));
}

/** Newer kernels keep the checksum in a section, and the symbol says where. */
function wordAt(image: ElfImage, section: number, offset: bigint): bigint {
  const bytes = image.sections[section]?.data() ?? new Uint8Array(0);
  if (offset + 4n > BigInt(bytes.length)) return 0n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return BigInt(view.getUint32(Number(offset), image.littleEndian));
}
