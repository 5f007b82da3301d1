import type { ErrorCode } from "../errno";
import { ToolError } from "../errors";

/** How a module file can be compressed; `depmod` and `modprobe` treat these endings as part of `.ko`. */
export const MODULE_SUFFIXES = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"] as const;

/** Bytes that a module may have at most, decompressed: the biggest ones with debug information stay below this. */
export const LARGEST_MODULE = 512 * 1024 * 1024;

/** What a small file may become whatever it is; with it go a fifth of a second and twice its memory. */
const ALWAYS_ALLOWED = 64 * 1024 * 1024;
/** Bytes for each byte of a bigger file: modules become a twentieth at best, only bombs a thousandth. */
const MOST_GROWTH = 200;

/** A compressed file that cannot be decompressed; the message says why, without the file's name. */
export class DecompressError extends ToolError {
  /** @param said the code of the words in which kmod would say it */
  constructor(
    message: string,
    readonly said: ErrorCode = "EINVAL",
  ) {
    super(message);
  }
}

/** A way to decompress: yields the output in pieces, so that a limit can stop it early. */
export type Decompressor = (bytes: Uint8Array, limit: number) => AsyncIterable<Uint8Array>;

interface Format {
  readonly name: string;
  readonly magic: readonly number[];
  load(): Promise<Decompressor>;
}

/** Known by their first bytes, as kmod does, not by the file's name. Each decompressor is loaded when first needed. */
const FORMATS: readonly Format[] = [
  { name: "gzip", magic: [0x1f, 0x8b], load: async () => (await import("./gzip")).gunzip },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], load: async () => (await import("./xz")).unxz },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], load: async () => (await import("./zstd")).unzstd },
];

/**
 * Gives the bytes of a module file, decompressed when they are gzip, xz or zstd.
 *
 * @param limit bytes that the result may have at most; more is refused without being kept in memory. By default 64 MiB,
 *   or 200 times the size of the file up to {@link LARGEST_MODULE}
 * @throws DecompressError
 */
export async function decompressModule(bytes: Uint8Array, limit = largestFrom(bytes.length)): Promise<Uint8Array> {
  const format = formatOf(bytes);
  if (format === undefined) return bytes;
  const decompressor = await format.load();
  try {
    return await collect(decompressor(bytes, limit), limit);
  } catch (error) {
    if (error instanceof DecompressError) throw error;
    throw new DecompressError(`the ${format.name} data is damaged (${error instanceof Error ? error.message : error})`);
  }
}

/** Whether these are the first bytes of a file that {@link decompressModule} decompresses. */
export function isCompressed(bytes: Uint8Array): boolean {
  return formatOf(bytes) !== undefined;
}

function formatOf(bytes: Uint8Array): Format | undefined {
  return FORMATS.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
}

function largestFrom(size: number): number {
  return Math.min(LARGEST_MODULE, Math.max(ALWAYS_ALLOWED, MOST_GROWTH * size));
}

/** The error for data that decompresses to more than the limit. */
export function tooLarge(limit: number): DecompressError {
  return new DecompressError(
    `decompresses to more than ${limit} bytes, the most that a file of its size may become`,
    "EFBIG",
  );
}

async function collect(pieces: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > limit) throw tooLarge(limit);
    kept.push(piece);
  }
  const [only] = kept;
  if (only !== undefined && kept.length === 1) return only;
  const all = new Uint8Array(size);
  let offset = 0;
  for (const piece of kept) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}
