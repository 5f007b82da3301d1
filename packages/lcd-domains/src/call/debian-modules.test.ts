import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crc16 } from "../../examples/call-function";
import { testHost } from "../../test/host";
import type { Accounting, HostKernel } from "../host/host-kernel";
import { installModules } from "../testing";
import { DomainModule } from "./domain-module";

/** Where the package linux-image-amd64 is unpacked; without it this has nothing to run. */
const folder = process.env.LCD_KERNEL_MODULES ?? "";
const text = (value: string) => new TextEncoder().encode(value);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe.runIf(existsSync(folder))("functions of a Debian kernel's modules, in domains", () => {
  let host: HostKernel;
  let before: Accounting;
  beforeAll(() => {
    host = hostOfFolder();
    before = host.accounting();
  });
  afterAll(() => expect(host.accounting()).toEqual(before));

  /** Loads a module, lets `use` call its functions, destroys it. */
  async function withModule(name: string, use: (module: DomainModule) => Promise<void>): Promise<void> {
    const module = await DomainModule.load(host, name, { fuel: 100_000_000 });
    try {
      await use(module);
    } finally {
      module.destroy();
    }
  }

  // Check values of "123456789" from the catalogue of parametrised CRC algorithms.
  it("crc16 gives the check value of CRC-16/ARC", async () => {
    expect(await crc16(host, text("123456789"))).toBe(0xbb3d);
  });

  it("crc_itu_t gives the check value of CRC-16/XMODEM", async () => {
    await withModule("crc-itu-t", async (module) => {
      const crc = module.function("crc_itu_t");
      expect((await crc(0, module.bufferOf(text("123456789")), 9)) & 0xffffn).toBe(0x31c3n);
    });
  });

  it("crc7_be gives the check value of CRC-7/MMC, in the upper seven bits", async () => {
    await withModule("crc7", async (module) => {
      const crc = module.function("crc7_be");
      expect((await crc(0, module.bufferOf(text("123456789")), 9)) & 0xffn).toBe(0x75n << 1n);
    });
  });

  it("crc8 gives the check value of CRC-8/SMBUS with the table that it made before", async () => {
    await withModule("crc8", async (module) => {
      const table = module.allocate(256);
      await module.function("crc8_populate_msb")(table, 0x07);
      expect((await module.function("crc8")(table, module.bufferOf(text("123456789")), 9, 0)) & 0xffn).toBe(0xf4n);
    });
  });

  it("cordic_calc_iq gives cosine and sine", async () => {
    await withModule("cordic", async (module) => {
      const calculate = module.function("cordic_calc_iq");
      for (const degrees of [0, 30, 45, 90, 123, -60]) {
        const iq = await calculate(degrees);
        const [i, q] = [iq, iq >> 32n].map((half) => Number(BigInt.asIntN(32, half)) / 65536);
        expect(i).toBeCloseTo(Math.cos((degrees * Math.PI) / 180), 3);
        expect(q).toBeCloseTo(Math.sin((degrees * Math.PI) / 180), 3);
      }
    });
  });

  it("arc4_crypt gives the key stream of RFC 6229", async () => {
    await withModule("libarc4", async (module) => {
      const [context, out] = [module.allocate(1032), module.allocate(16)];
      await module.function("arc4_setkey")(context, module.bufferOf(Uint8Array.of(1, 2, 3, 4, 5)), 5);
      await module.function("arc4_crypt")(context, out, module.allocate(16), 16);
      expect(hex(out.read())).toBe("b2396305f03dc027ccc3524a0a1118a8");
    });
  });

  it("LZ4_compress_default gives what decompresses to the same", async () => {
    await withModule("lz4_compress", async (module) => {
      const input = text(`${"kernel modules in domains, ".repeat(400)}and an end`);
      const output = module.allocate(20_000);
      const compress = module.function("LZ4_compress_default");
      const size = Number(
        await compress(module.bufferOf(input), output, input.length, 20_000, module.allocate(16_400)),
      );
      expect(size).toBeLessThan(input.length / 10);
      expect(hex(decompressLz4(output.read(0, size)))).toBe(hex(input));
    });
  });

  it("curve25519_generic gives the result of RFC 7748, section 5.2", async () => {
    await withModule("libcurve25519-generic", async (module) => {
      const [scalar, point] = [
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      ].map((digits) => module.bufferOf(Buffer.from(digits, "hex")));
      const out = module.allocate(32);
      await module.function("curve25519_generic")(out, scalar, point);
      expect(hex(out.read())).toBe("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    });
  });
});

function hostOfFolder(): HostKernel {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const paths = new Map(
    files.filter((file) => file.endsWith(".ko")).map((file) => [basename(file, ".ko").replaceAll("-", "_"), file]),
  );
  const host = testHost();
  installModules(host, {
    image: (name) => {
      const path = paths.get(name.replaceAll("-", "_"));
      return path === undefined ? undefined : new Uint8Array(readFileSync(join(folder, path)));
    },
    needs: () => [],
  });
  return host;
}

/** Decompresses an LZ4 block (lz4_Block_format.md of the LZ4 project). */
function decompressLz4(block: Uint8Array): Uint8Array {
  const out: number[] = [];
  let at = 0;
  const extend = (length: number): number => {
    let total = length;
    if (length === 15) for (let byte = 255; byte === 255; total += byte) byte = block[at++];
    return total;
  };
  while (at < block.length) {
    const token = block[at++];
    for (let count = extend(token >> 4); count > 0; count--) out.push(block[at++]);
    if (at >= block.length) break;
    const distance = block[at] | (block[at + 1] << 8);
    at += 2;
    for (let count = extend(token & 15) + 4; count > 0; count--) out.push(out[out.length - distance]);
  }
  return Uint8Array.from(out);
}
