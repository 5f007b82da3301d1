import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseElf } from "elf-image";
import { __gva, KernelError } from "lcd-arch-x86";
import { describe, expect, test } from "vitest";
import { loadModule } from "./load-module";
import { TestHost } from "./testing/test-host";

/** Where the package linux-image-amd64 is unpacked; without it this has nothing to load. */
const folder = process.env.LCD_KERNEL_MODULES ?? "";

describe.runIf(existsSync(folder))("all modules of a Debian kernel", () => {
  test("load and link to each other; what no module exports stands for the kernel's own", { timeout: 300_000 }, () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ko"));
    const images = new Map(files.map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))]));
    const ofModules = new Set<string>();
    for (const image of images.values()) {
      for (const { name } of parseElf(image).symbols) {
        if (name.startsWith("__ksymtab_")) ofModules.add(name.slice("__ksymtab_".length));
      }
    }
    const host = new (class extends TestHost {
      override resolve(symbol: string) {
        const kernel = { value: __gva(0xffffffff9f000000n), owner: null };
        return ofModules.has(symbol) ? this.symbols.get(symbol) : kernel;
      }
    })(1 << 30);
    const refused = new Map<string, string>();
    let waiting = [...images];
    for (let before = 0; waiting.length !== before; ) {
      before = waiting.length;
      waiting = waiting.filter(([file, image]) => {
        try {
          const module = loadModule({ image, name: basename(file, ".ko"), options: "" }, host);
          for (const [symbol, { value, gplOnly, namespace }] of module.exports) {
            host.symbols.set(symbol, { value, owner: module.name, gplOnly, namespace });
          }
          refused.delete(file);
          return false;
        } catch (error) {
          if (!(error instanceof KernelError)) throw error;
          refused.set(file, error.message);
          return true;
        }
      });
    }
    expect(files.length).toBeGreaterThan(1000);
    expect([...refused]).toEqual([]);
  });
});
