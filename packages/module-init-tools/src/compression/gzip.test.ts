import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { decompressModule } from "./decompress";

/** What comes of it on a platform that does not give its own zlib away. */
async function inBrowser(bytes: Uint8Array, limit: number): Promise<Uint8Array | string> {
  vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined);
  const outcome = await inNode(bytes, limit);
  vi.restoreAllMocks();
  return outcome;
}
afterEach(() => vi.restoreAllMocks());

async function inNode(bytes: Uint8Array, limit: number): Promise<Uint8Array | string> {
  return decompressModule(bytes, limit).catch((error: unknown) => `${error}`);
}

const damage = fc.array(fc.record({ at: fc.integer({ min: 2, max: 90 }), value: fc.nat(255) }), { maxLength: 2 });

test("a browser's decompressor and Node's say the same of any file", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 60 }), damage, fc.nat(90), async (text, changes, missing) => {
      const bytes = new Uint8Array(gzipSync(text));
      for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
      const file = bytes.subarray(0, Math.max(20, bytes.length - missing));
      expect(await inNode(file, 100_000)).toEqual(await inBrowser(file, 100_000));
    }),
  );
});

test("both give what is as large as the limit, and refuse one byte more", async () => {
  const file = new Uint8Array(gzipSync("x".repeat(70_000)));
  for (const read of [inNode, inBrowser]) {
    expect(await read(file, 70_000)).toHaveLength(70_000);
    expect(await read(file, 69_999)).toContain("decompresses to more than 69999 bytes");
  }
});

test("two gzip files in one are their contents, one after the other", async () => {
  const twice = new Uint8Array([...gzipSync("a"), ...gzipSync("b")]);
  expect(new TextDecoder().decode(await decompressModule(twice))).toBe("ab");
});
