import { decompress } from "fzstd";
import { DecompressError } from "./decompress";
import { zstdFrames } from "./zstd-frames";

/** zstd (RFC 8878) through fzstd. The data's own checksum is not compared; the ELF reader checks what it reads. */
export async function* unzstd(bytes: Uint8Array, limit: number): AsyncIterable<Uint8Array> {
  for (const frame of zstdFrames(bytes, limit)) {
    const content = decompress(frame.bytes);
    if (frame.contentSize !== null && content.length !== frame.contentSize) {
      throw new DecompressError(
        `the zstd data is damaged (${content.length} bytes instead of the ${frame.contentSize} that it declares)`,
      );
    }
    yield content;
  }
}
