import type { ByteReader } from "./byte-reader";
import { PT_LOAD } from "./constants";
import { ElfError } from "./error";
import type { ElfHeader } from "./header";

/** A segment (program header), its place in the file checked. */
export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  readonly fileSize: number;
  readonly memorySize: bigint;
  readonly alignment: bigint;
  /** The bytes in the file: a view, not a copy. */
  data(): Uint8Array;
}

/** The count that means "see the `info` field of section 0" (System V ABI, PN_XNUM). */
const PN_XNUM = 0xffff;

/** Reads the program header table. `extendedCount` is the `info` field of section 0. Throws ElfError. */
export function readSegments(reader: ByteReader, header: ElfHeader, extendedCount: number): ElfSegment[] {
  const { offset, entrySize, count: shortCount } = header.programHeaders;
  const count = shortCount === PN_XNUM ? extendedCount : shortCount;
  if (count === 0) return [];
  const needed = reader.wide ? 56 : 32;
  if (entrySize !== needed) throw new ElfError(`program headers have ${entrySize} bytes each instead of ${needed}`);
  reader.checkRange(offset, BigInt(count) * BigInt(needed), `the table of ${count} program headers`);
  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index++)
    segments.push(readSegment(reader, Number(offset) + index * needed, index));
  return segments;
}

function readSegment(reader: ByteReader, at: number, index: number): ElfSegment {
  const word = reader.wide ? 8 : 4;
  // ELF64 has the flags after the type, ELF32 before the alignment.
  const fields = at + (reader.wide ? 8 : 4);
  const tail = fields + 5 * word;
  const type = reader.u32(at);
  const offset = reader.word(fields);
  const fileSize = reader.word(fields + 3 * word);
  const memorySize = reader.word(fields + 4 * word);
  const alignment = reader.word(reader.wide ? tail : tail + 4);
  reader.checkRange(offset, fileSize, `segment ${index}`);
  if (type === PT_LOAD && memorySize < fileSize) {
    throw new ElfError(`segment ${index} has ${fileSize} bytes in the file, but room for ${memorySize} in memory`);
  }
  if (alignment !== 0n && (alignment & (alignment - 1n)) !== 0n) {
    throw new ElfError(`segment ${index} has alignment ${alignment}, which is not a power of two`);
  }
  return {
    type,
    flags: reader.u32(reader.wide ? at + 4 : tail),
    offset: Number(offset),
    virtualAddress: reader.word(fields + word),
    physicalAddress: reader.word(fields + 2 * word),
    fileSize: Number(fileSize),
    memorySize,
    alignment,
    data: () => reader.bytes.subarray(Number(offset), Number(offset + fileSize)),
  };
}
