import { ZSTDDecoder } from "zstddec";
import { DecompressError } from "./decompress";
import { zstdFrames } from "./zstd-frames";

/** Beside the content that a module may have, the decoder's 2 GiB of memory have room for this much. */
const LARGEST_FILE = 2 ** 30;

/**
 * zstd (RFC 8878) through zstddec, the reference decoder as WebAssembly: other decoders believe match lengths that
 * exceed their block, and a file of a few kilobytes keeps them busy for minutes.
 */
export async function* unzstd(bytes: Uint8Array, limit: number): AsyncIterable<Uint8Array> {
  if (bytes.length > LARGEST_FILE) throw new DecompressError(`has more than ${LARGEST_FILE} bytes of zstd data`);
  const frames = zstdFrames(bytes, limit);
  const decoder = await startedDecoder();
  for (const { bytes: frame, contentSize, atMost } of frames) {
    if (atMost === 0) continue;
    // It has no other way to say that something is wrong.
    const content = decoder.decode(frame, atMost);
    if (content.length === 0 || content.length !== (contentSize ?? content.length)) {
      throw new DecompressError("the zstd data is damaged (a block or the checksum is wrong)");
    }
    yield content;
  }
}

/** It fetches its own WebAssembly from a `data:` URL: a content security policy may forbid that. */
async function startedDecoder(): Promise<ZSTDDecoder> {
  const decoder = new ZSTDDecoder();
  try {
    await decoder.init();
  } catch (error) {
    throw new DecompressError(`the decoder for zstd does not start: ${error instanceof Error ? error.message : error}`);
  }
  return decoder;
}
