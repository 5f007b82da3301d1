import { DecompressError, tooLarge } from "./decompress";

/** One frame of zstd data, measured before anything is decompressed (RFC 8878, 3.1.1). */
export interface ZstdFrame {
  readonly bytes: Uint8Array;
  /** What the header says the content has, or null when it does not say. */
  readonly contentSize: number | null;
  /** Bytes that the content cannot exceed: what is declared, or what its blocks could have at most. */
  readonly atMost: number;
}

const ZSTD_MAGIC = 0xfd2fb528;
/** Frames 0x184d2a50 to 0x184d2a5f carry no content. */
const SKIPPABLE_MAGIC = 0x184d2a50;
/** No block has more content than this (RFC 8878, 3.1.1.2.4). */
const LARGEST_BLOCK = 128 * 1024;
/** The decoder keeps a window in memory; zstd's own tool refuses bigger ones too, without `--long`. */
const LARGEST_WINDOW = 128 * 1024 * 1024;

const BlockType = { raw: 0, repeated: 1, compressed: 2 } as const;

/**
 * Walks over the frames and their blocks, so that what the decoder will allocate is known and within the limit.
 *
 * @param limit bytes that all content together may have
 * @throws DecompressError
 */
export function zstdFrames(bytes: Uint8Array, limit: number): ZstdFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: ZstdFrame[] = [];
  let total = 0;
  let offset = 0;
  while (offset < bytes.length) {
    const magic = u32(view, offset);
    if ((magic & 0xfffffff0) === SKIPPABLE_MAGIC) {
      offset += 8 + u32(view, offset + 4);
      if (offset > bytes.length) throw endsEarly();
      continue;
    }
    if (magic !== ZSTD_MAGIC) throw damaged(`no frame begins at byte ${offset}`);
    const header = frameHeader(view, offset);
    const blocks = measureBlocks(view, header.end, header.checksum);
    const { contentSize } = header;
    if (contentSize !== null && blocks.atLeast > contentSize) throw damaged("more content than declared");
    if (contentSize !== null && blocks.atMost < contentSize) throw damaged("less content than declared");
    const atMost = contentSize ?? blocks.atMost;
    total += atMost;
    if (total > limit) throw tooLarge(limit);
    frames.push({ bytes: bytes.subarray(offset, blocks.end), contentSize, atMost });
    offset = blocks.end;
  }
  return frames;
}

interface FrameHeader {
  readonly end: number;
  readonly contentSize: number | null;
  readonly checksum: boolean;
}

function frameHeader(view: DataView, start: number): FrameHeader {
  const descriptor = u8(view, start + 4);
  if ((descriptor & 0x08) !== 0) throw damaged("a reserved bit is set");
  const singleSegment = (descriptor & 0x20) !== 0;
  let offset = start + 5;
  let window = 0;
  if (!singleSegment) {
    const byte = u8(view, offset++);
    const base = 2 ** (10 + (byte >> 3));
    window = base + (base / 8) * (byte & 7);
  }
  if ((descriptor & 0x03) !== 0)
    throw new DecompressError("the zstd data needs a dictionary, which modules cannot have");
  const [contentSize, sizeBytes] = contentSizeField(view, offset, descriptor >> 6, singleSegment);
  if (window > LARGEST_WINDOW) throw new DecompressError(`the zstd data needs a window of ${window} bytes`);
  return { end: offset + sizeBytes, contentSize, checksum: (descriptor & 0x04) !== 0 };
}

function contentSizeField(view: DataView, offset: number, flag: number, single: boolean): [number | null, number] {
  if (flag === 0) return single ? [u8(view, offset), 1] : [null, 0];
  if (flag === 1) return [u8(view, offset) + u8(view, offset + 1) * 256 + 256, 2];
  if (flag === 2) return [u32(view, offset), 4];
  return [u32(view, offset) + u32(view, offset + 4) * 2 ** 32, 8];
}

interface Blocks {
  readonly end: number;
  /** Bounds of the content: compressed blocks can have any size up to the largest. */
  readonly atLeast: number;
  readonly atMost: number;
}

function measureBlocks(view: DataView, start: number, checksum: boolean): Blocks {
  let offset = start;
  let atLeast = 0;
  let atMost = 0;
  for (let last = false; !last; ) {
    const header = u8(view, offset) | (u8(view, offset + 1) << 8) | (u8(view, offset + 2) << 16);
    const size = header >> 3;
    const type = (header >> 1) & 3;
    last = (header & 1) !== 0;
    if (type > BlockType.compressed) throw damaged("a block of a reserved type");
    if (size > LARGEST_BLOCK) throw damaged("a block that is too large");
    offset += 3 + (type === BlockType.repeated ? 1 : size);
    atLeast += type === BlockType.compressed ? 0 : size;
    atMost += type === BlockType.compressed ? LARGEST_BLOCK : size;
    if (offset > view.byteLength) throw endsEarly();
  }
  const end = offset + (checksum ? 4 : 0);
  if (end > view.byteLength) throw endsEarly();
  return { end, atLeast, atMost };
}

function u8(view: DataView, offset: number): number {
  if (offset + 1 > view.byteLength) throw endsEarly();
  return view.getUint8(offset);
}

function u32(view: DataView, offset: number): number {
  if (offset + 4 > view.byteLength) throw endsEarly();
  return view.getUint32(offset, true);
}

function damaged(what: string): DecompressError {
  return new DecompressError(`the zstd data is damaged (${what})`);
}

function endsEarly(): DecompressError {
  return new DecompressError("the zstd data is damaged (it ends too early)", "ENOEXEC");
}
