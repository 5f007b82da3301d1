import xzDecompress from "xz-decompress";
import { DecompressError } from "./decompress";
import { piecesOf, streamOf } from "./streams";

/** What the numbers of xz-embedded mean, the decoder inside xz-decompress (`enum xz_ret` in its xz.h). */
const REASONS: Readonly<Record<string, string>> = {
  3: "out of memory",
  4: "its dictionary is larger than 64 MiB",
  5: "it does not begin as xz data do",
  6: "it uses a filter or check that is not supported: compress it with `xz --check=crc32` and no other options",
  7: "a checksum or a field is wrong",
  8: "it ends too early, or a field is wrong",
};

/** xz, through the WebAssembly build of xz-embedded, the decoder that the Linux kernel has too. */
export async function* unxz(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  try {
    yield* piecesOf(new xzDecompress.XzReadableStream(streamOf(bytes)));
  } catch (error) {
    const number = /error code (\d+)$/.exec(error instanceof Error ? error.message : "")?.[1];
    const reason = number === undefined ? undefined : REASONS[number];
    throw reason === undefined ? error : new DecompressError(`the xz data cannot be read: ${reason}`);
  }
}
