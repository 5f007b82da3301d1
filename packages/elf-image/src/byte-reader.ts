import { ElfError } from "./error";

/** What {@link ByteReader.length} gives for numbers that do not fit: out of every range that is checked later. */
export const TOO_LONG = Number.MAX_SAFE_INTEGER;

/** Brings the bytes from `start` up to `end` in, where not all of a file is in memory yet. */
export type FetchBytes = (start: number, end: number) => void;

/** Reads integers of either byte order from a file; every read is checked against the file's end. */
export class ByteReader {
  /** The same bytes, for tables whose range is checked as a whole. */
  readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly littleEndian: boolean,
    readonly wide: boolean,
    /** Whoever looks at bytes behind the header calls it before. */
    readonly fetch: FetchBytes = () => undefined,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.view.getUint16(offset, this.littleEndian);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.view.getUint32(offset, this.littleEndian);
  }

  u64(offset: number): bigint {
    this.#check(offset, 8);
    return this.view.getBigUint64(offset, this.littleEndian);
  }

  /** An address, offset or size: 4 bytes in ELF32, 8 in ELF64. */
  word(offset: number): bigint {
    return this.wide ? this.u64(offset) : BigInt(this.u32(offset));
  }

  /** A word as a number; {@link TOO_LONG} when it is greater. */
  length(offset: number): number {
    if (!this.wide) return this.u32(offset);
    this.#check(offset, 8);
    const high = this.view.getUint32(this.littleEndian ? offset + 4 : offset, this.littleEndian);
    const low = this.view.getUint32(this.littleEndian ? offset : offset + 4, this.littleEndian);
    return Math.min(high * 2 ** 32 + low, TOO_LONG);
  }

  /** A word with its sign. */
  signedWord(offset: number): bigint {
    return this.wide ? BigInt.asIntN(64, this.u64(offset)) : BigInt.asIntN(32, BigInt(this.u32(offset)));
  }

  /** Throws unless `count` entries of `entrySize` bytes from `offset` lie in the file. `what` names them. */
  checkRange(offset: bigint, size: bigint, what: string): void {
    const end = offset + size;
    if (end <= BigInt(this.bytes.length)) return;
    throw new ElfError(
      `${what} should be at bytes 0x${offset.toString(16)} to 0x${end.toString(16)}, but the file has only 0x${this.bytes.length.toString(16)} bytes`,
    );
  }

  #check(offset: number, size: number): void {
    if (offset >= 0 && offset + size <= this.bytes.length) return;
    throw new ElfError(`the file ends at byte ${this.bytes.length}, before the ${size} bytes at ${offset}`);
  }
}
