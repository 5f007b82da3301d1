import { afterAll, expect, test, vi } from "vitest";
import { decompressModule } from "./decompress";

afterAll(() => void vi.unstubAllGlobals());

// As Chromium does for a `data:` URL where a content security policy says `connect-src 'self'`.
test("a zstd file is not called damaged where its decoder must not be loaded", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  // `printf x | zstd` of zstd 1.5.4.
  const file = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x09, 0, 0, 0x78, 0x23, 0x11, 0x04, 0x83);
  await expect(decompressModule(file)).rejects.toThrow("the decoder for zstd does not start: Failed to fetch");
});
