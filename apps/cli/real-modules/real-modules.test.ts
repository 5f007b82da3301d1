/**
 * Modules as Debian builds them, from the package linux-image-amd64, through the command line. Run with
 *
 *   LCD_KERNEL_MODULES=/lib/modules/<version> pnpm --filter lcd-cli test:real
 *
 * Every result is compared with a computation that has nothing to do with the kernel.
 */
import { createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Folder } from "../src/testing/module-files";
import { runLcd } from "../src/testing/run-lcd";
import { crcLeft, crcRight, lz4Decompress, rc4 } from "./checksums";

const tree = process.env.LCD_KERNEL_MODULES ?? "";
const lib = (path: string): string => join(tree, "kernel/lib", path);
const folder = new Folder();

const CHECK = [...Buffer.from("123456789")];
/** 300 bytes in which every value occurs. */
const LONG = Array.from({ length: 300 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

interface Called {
  readonly result: bigint;
  readonly buffers: readonly { argument: number; hex: string }[];
}

/** `lcd call --json`. */
async function call(path: string, symbol: string, ...words: string[]): Promise<Called> {
  const { code, stdout, stderr } = await runLcd(["call", path, symbol, "--json", ...words], { cwd: folder.path });
  expect([code, stderr]).toEqual([0, ""]);
  const { result, buffers } = JSON.parse(stdout);
  return { result: BigInt(result), buffers };
}

const hex = (bytes: Iterable<number>): string => `hex:${Buffer.from([...bytes]).toString("hex")}`;

it("has a directory of modules to test with", () => {
  expect(existsSync(lib("crc16.ko")), "LCD_KERNEL_MODULES=/path/to/lib/modules/<version>").toBe(true);
});

describe("a module of Debian's kernel", () => {
  it("crc16: the value that its catalogue gives", async () => {
    const { code, stdout } = await runLcd(["call", lib("crc16.ko"), "crc16", "0", "str:123456789", "9"]);
    expect([code, stdout]).toEqual([0, "47933 (0xbb3d)\n"]);
  });

  it("crc16: x^16 + x^15 + x^2 + 1, bits reversed", async () => {
    for (const [start, bytes] of [
      [0, CHECK],
      [0xffff, LONG],
      [0x1234, []],
    ] as const) {
      const { result } = await call(
        lib("crc16.ko"),
        "crc16",
        String(start),
        hex([...bytes, 0]),
        String(bytes.length),
        "--width",
        "16",
      );
      expect(Number(result)).toBe(crcRight(0xa001, start, bytes));
    }
  });

  it("crc-itu-t: x^16 + x^12 + x^5 + 1", async () => {
    for (const [start, bytes] of [
      [0, CHECK],
      [0xffff, LONG],
    ] as const) {
      const { result } = await call(
        lib("crc-itu-t.ko"),
        "crc_itu_t",
        String(start),
        hex(bytes),
        String(bytes.length),
        "--width",
        "16",
      );
      expect(Number(result)).toBe(crcLeft(16, 0x1021, start, bytes));
    }
  });

  it("crc7: x^7 + x^3 + 1, in the upper seven bits", async () => {
    // GO_IDLE_STATE of the SD card specification: 40 00 00 00 00 has CRC7 0x4a, sent as 0x94 | 1.
    const idle = await call(lib("crc7.ko"), "crc7_be", "0", "hex:4000000000", "5", "--width", "8");
    expect(idle.result).toBe(0x94n);
    const { result } = await call(lib("crc7.ko"), "crc7_be", "0", hex(LONG), String(LONG.length), "--width", "8");
    expect(Number(result)).toBe(crcLeft(7, 0x09, 0, LONG) << 1);
  });

  it("crc8: a table that it fills itself, then its sum", async () => {
    // x^8 + x^2 + x + 1, as SMBus has it; most significant bit first.
    const { buffers } = await call(lib("crc8.ko"), "crc8_populate_msb", "out:256", "7", "--dump", "1");
    const table = Buffer.from(buffers[0].hex, "hex");
    expect([...table]).toEqual(Array.from({ length: 256 }, (_, byte) => crcLeft(8, 0x07, 0, [byte])));
    folder.write("table.bin", table);
    const { result } = await call(
      lib("crc8.ko"),
      "crc8",
      "file:table.bin",
      hex(LONG),
      String(LONG.length),
      "0",
      "--width",
      "8",
    );
    expect(Number(result)).toBe(crcLeft(8, 0x07, 0, LONG));
  });

  it("cordic: cosine and sine", async () => {
    for (const degrees of [0, 30, 45, 60, 89, 135, -120]) {
      // struct cordic_iq comes back in rax: two 32-bit numbers with 16 bits behind the point.
      const { result } = await call(lib("math/cordic.ko"), "cordic_calc_iq", String(degrees));
      const real = Number(BigInt.asIntN(32, result)) / 65536;
      const imaginary = Number(BigInt.asIntN(32, result >> 32n)) / 65536;
      const angle = (degrees * Math.PI) / 180;
      expect(Math.abs(real - Math.cos(angle))).toBeLessThan(0.001);
      expect(Math.abs(imaginary - Math.sin(angle))).toBeLessThan(0.001);
    }
  });

  it("libarc4: RC4, key schedule and stream", async () => {
    const key = [...Buffer.from("Wiki")];
    // struct arc4_ctx: 256 32-bit numbers, x and y.
    const set = await call(lib("crypto/libarc4.ko"), "arc4_setkey", "out:1032", hex(key), "4", "--dump", "1");
    folder.write("context.bin", Buffer.from(set.buffers[0].hex, "hex"));
    const words = ["file:context.bin", `out:${LONG.length}`, hex(LONG), String(LONG.length), "--dump", "2"];
    const { buffers } = await call(lib("crypto/libarc4.ko"), "arc4_crypt", ...words);
    expect([...Buffer.from(buffers[0].hex, "hex")]).toEqual(rc4(key, LONG));
  });

  it("lz4_compress: what a decompressor makes of its output is its input", async () => {
    const text = Array.from({ length: 400 }, (_, i) => `line ${i % 37}: the quick brown fox ${i * i}\n`).join("");
    const input = Buffer.from(text);
    folder.write("in.txt", input);
    const size = String(input.length);
    // LZ4_MEM_COMPRESS is 16416.
    const words = ["file:in.txt", "out:64K", size, "65536", "out:16416", "--dump", "2"];
    const { result, buffers } = await call(lib("lz4/lz4_compress.ko"), "LZ4_compress_default", ...words);
    expect(Number(result)).toBeGreaterThan(0);
    expect(Number(result)).toBeLessThan(input.length / 2);
    const block = Buffer.from(buffers[0].hex, "hex").subarray(0, Number(result));
    expect(Buffer.from(lz4Decompress(block)).equals(input)).toBe(true);
  });

  it("libcurve25519-generic: X25519, as OpenSSL computes it", async () => {
    const secrets = [LONG.slice(3, 35), LONG.slice(100, 132)].map((bytes) => Buffer.from(bytes));
    const path = lib("crypto/libcurve25519-generic.ko");
    const [ours, theirs] = secrets;
    const point = publicBytes(theirs);
    const { buffers } = await call(path, "curve25519_generic", "out:32", hex(ours), hex(point), "--dump", "1");
    const shared = diffieHellman({ privateKey: privateKey(ours), publicKey: createPublicKey(privateKey(theirs)) });
    expect(buffers[0].hex).toBe(shared.toString("hex"));
  });
});

/** A key of 32 bytes in PKCS #8 (RFC 8410). */
function privateKey(bytes: Buffer): ReturnType<typeof createPrivateKey> {
  const prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
  return createPrivateKey({ key: Buffer.concat([prefix, bytes]), format: "der", type: "pkcs8" });
}

/** The last 32 bytes of the public key's encoding are the key (RFC 8410). */
function publicBytes(secret: Buffer): Buffer {
  return createPublicKey(privateKey(secret)).export({ format: "der", type: "spki" }).subarray(-32);
}
