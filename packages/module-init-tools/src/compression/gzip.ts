import { piecesOf, streamOf } from "./streams";

/** gzip (RFC 1952), through the platform's own decompressor: Node and browsers both have it. */
export function gunzip(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return piecesOf(streamOf(bytes).pipeThrough(new DecompressionStream("gzip")));
}
