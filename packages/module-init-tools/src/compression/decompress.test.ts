import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { DecompressError, decompressModule } from "./decompress";

const TEXT = "lightweight capability domains\n";

/** The text, compressed with the tools whose names they have (xz 5.4.1, zstd 1.5.4). */
const FILES = {
  "gzip -n": gzipSync(TEXT),
  "xz --check=crc32": fromBase64(
    "/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAebGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zCgAAetSefQABMx/u3eVZkEKZDQEAAAAAAVla",
  ),
  xz: fromBase64(
    "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAebGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zCgAAD5NYpdLAmUwAATcf6hiJPR+2830BAAAAAARZWg==",
  ),
  zstd: fromBase64("KLUv/SQf+QAAbGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zClDijNc="),
  "zstd from a pipe": fromBase64("KLUv/QRY+QAAbGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zClDijNc="),
};

/** 1,000,000 zeros through `xz --check=crc32`, 3,000,000 through `zstd`. */
const XZ_BOMB = fromBase64(
  "/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj70I/ANFdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiUcR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPmTwz82AAAAAJ7LeRIAAekBwIQ9AMOi5zU+MA2LAgAAAAABWVo=",
);
const ZSTD_BOMB = fromBase64(
  "KLUv/QRYVAAAEAAAAQD7/znAAgIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAM2DgADya/W",
);

test("what is not compressed stays what it is", async () => {
  const bytes = new TextEncoder().encode("\x7fELF");
  expect(await decompressModule(bytes)).toBe(bytes);
  expect(await decompressModule(new Uint8Array(0))).toHaveLength(0);
});

test.each(Object.entries(FILES))("reads what %s writes", async (_tool, bytes) => {
  expect(new TextDecoder().decode(await decompressModule(bytes))).toBe(TEXT);
});

test("a zstd file of two frames is their contents, one after the other", async () => {
  const twice = new Uint8Array([...FILES.zstd, ...FILES["zstd from a pipe"]]);
  expect(new TextDecoder().decode(await decompressModule(twice))).toBe(TEXT + TEXT);
});

test("zstd's skippable frames are skipped", async () => {
  const skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
  const bytes = new Uint8Array([...FILES.zstd, ...skipped]);
  expect(new TextDecoder().decode(await decompressModule(bytes))).toBe(TEXT);
});

test.each(Object.entries(FILES))("%s: cut short anywhere, it is refused with a sentence", async (_tool, bytes) => {
  for (let length = 6; length < bytes.length; length++) {
    await expect(decompressModule(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(DecompressError);
  }
});

test.each(Object.entries(FILES))(
  "%s: with any byte changed, it is refused or read, and nothing else",
  async (_, bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.map((byte, at) => (at === i ? byte ^ 0xff : byte));
      const outcome = await decompressModule(changed, 1000).catch((error: unknown) => error);
      if (!(outcome instanceof Uint8Array)) expect(outcome).toBeInstanceOf(DecompressError);
    }
  },
);

test.each([
  ["gzip", new Uint8Array(gzipSync(new Uint8Array(3_000_000)))],
  ["xz", XZ_BOMB],
  ["zstd", ZSTD_BOMB],
])("%s that grows past the limit is refused", async (_tool, bytes) => {
  await expect(decompressModule(bytes, 999_999)).rejects.toThrow(
    "decompresses to more than 999999 bytes, the most that a file of its size may become",
  );
});

test("a file of 20 KB may become megabytes, not half a gigabyte", async () => {
  // Blocks that repeat one byte 128 KiB times have 4 bytes each, after a frame header of 6 (RFC 8878, 3.1.1).
  const repeated = (blocks: number) => {
    const block = (last: boolean) => [last ? 3 : 2, 0, 0x10, 0x41];
    const all = Array.from({ length: blocks }, (_, i) => block(i === blocks - 1)).flat();
    return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38, ...all);
  };
  expect(await decompressModule(repeated(256))).toHaveLength(32 << 20);
  await expect(decompressModule(repeated(4096))).rejects.toThrow("decompresses to more than 67108864 bytes");
});

test("an xz bomb that stays within the limit is read", async () => {
  expect(await decompressModule(XZ_BOMB, 1_000_000)).toHaveLength(1_000_000);
});

test("a zstd header that promises too much is refused before anything is allocated", async () => {
  // RFC 8878, 3.1.1.1: single segment, content size in 8 bytes, here 2^40; an empty last raw block.
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 0x01, 0, 0];
  await expect(decompressModule(new Uint8Array(header))).rejects.toThrow("less content than declared");
});

test("an xz filter that the decoder does not have is named as the reason", async () => {
  const x86 = fromBase64(
    "/Td6WFoAAAFpIt42AgEEACEBFgANhjUfAQAebGlnaHR3ZWlnaHQgY2FwYWJpbGl0eSBkb21haW5zCgAAetSefQABMx/u3eVZkEKZDQEAAAAAAVla",
  );
  await expect(decompressModule(x86)).rejects.toThrow("compress it with `xz --check=crc32`");
});

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

test("a zstd block whose matches exceed it is refused, and not followed to where they end", async () => {
  // RFC 8878, 3.1.1.3: no literals; 65,535 + 32,512 sequences, each of them of one table entry (RLE): a literal
  // length of 0, offset code 0, and match length code 52, which is 65,539 bytes and what 16 more bits say.
  const sequences = [0x00, 255, 0xff, 0xff, 0b01010100, 0, 0, 52, ...new Array<number>(90).fill(0xff)];
  const header = (sequences.length << 3) | (2 << 1) | 1;
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58, header & 255, header >> 8, 0, ...sequences];
  await expect(decompressModule(new Uint8Array(frame))).rejects.toThrow("the zstd data is damaged");
});

test("zstd data whose checksum is another one's are refused", async () => {
  const changed = FILES.zstd.slice();
  changed[changed.length - 1] = 0;
  await expect(decompressModule(changed)).rejects.toThrow("checksum");
});

test("many small blocks in a large window of zstd take no longer than in a small one", async () => {
  // A window of 128 MiB (exponent 17), and 50,000 raw blocks of one byte.
  const blocks = Array.from({ length: 50_000 }, (_, i) => [(1 << 3) | (i === 49_999 ? 1 : 0), 0, 0, 0x41]);
  const frame = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3, ...blocks.flat()]);
  expect(await decompressModule(frame)).toEqual(new Uint8Array(50_000).fill(0x41));
});

test("a zstd frame without content is no content", async () => {
  // `zstd -c < /dev/null` of zstd 1.5.4.
  expect(await decompressModule(fromBase64("KLUv/SQAAQAAmenYUQ=="))).toHaveLength(0);
});
