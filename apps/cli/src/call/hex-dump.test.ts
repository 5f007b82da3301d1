import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hexDump } from "./hex-dump";

describe("a hex dump", () => {
  it("shows offset, bytes and characters, and the length at the end", () => {
    expect(hexDump(new TextEncoder().encode("seventeen letters"))).toBe(
      "00000000  73 65 76 65 6e 74 65 65  6e 20 6c 65 74 74 65 72  |seventeen letter|\n" +
        "00000010  73                                                |s|\n" +
        "00000011\n",
    );
  });

  it("shows a star for lines that repeat", () => {
    expect(hexDump(new Uint8Array(80)).split("\n").slice(1, 3)).toEqual(["*", expect.stringMatching(/^00000040/)]);
  });

  it.skipIf(!existsSync("/usr/bin/hexdump"))("is what hexdump -C gives", () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => (index < 256 ? index : 7));
    expect(hexDump(bytes)).toBe(execFileSync("hexdump", ["-C"], { input: bytes }).toString());
  });
});
