import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ElfError, parseElf, readModinfo, STT_FUNC, symbolMap } from "./index";
import { fixture } from "./testing/fixtures";

test("the README's example prints functions, license and the symbol at an address", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const body = example.replace(/^import .*$/gm, "").replace("0x12n", "0x25n");
  const offered = { ElfError, parseElf, readModinfo, STT_FUNC, symbolMap };
  const printed: unknown[][] = [];
  const output = { log: (...values: unknown[]) => printed.push(values), error: (line: string) => printed.push([line]) };
  const run = new Function("console", "readFileSync", ...Object.keys(offered), body);

  run(output, () => fixture("module.o"), ...Object.values(offered));
  run(output, () => new Uint8Array(3), ...Object.values(offered));

  // module.o.readelf: init_module is at 0x20 of .text.
  expect(printed).toEqual([
    [["helper", "init_module"], "GPL", "init_module+5"],
    ["crc16.ko: this is not an ELF file: it does not begin with 7f 45 4c 46"],
  ]);
});
