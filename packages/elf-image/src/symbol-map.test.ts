import { expect, test } from "vitest";
import { parseElf } from "./parse";
import { SymbolMap, symbolMap } from "./symbol-map";
import { fixture } from "./testing/fixtures";

test("an address in a linked file belongs to the symbol before it", () => {
  // linked.readelf: begin at ...1000, here at ...101f, target at ...1060.
  const map = symbolMap(parseElf(fixture("linked")));
  const hit = (address: bigint) => {
    const found = map.lookup(address);
    return found && `${found.symbol.name}+${found.offset}`;
  };
  expect(hit(0xffffffffa0000fffn)).toBeUndefined();
  expect(hit(0xffffffffa0001000n)).toBe("begin+0");
  expect(hit(0xffffffffa000101en)).toBe("begin+30");
  expect(hit(0xffffffffa0001021n)).toBe("here+2");
  expect(hit(0xffffffffa0001060n)).toBe("target+0");
});

test("in a relocatable file each section has addresses of its own", () => {
  const image = parseElf(fixture("module.o"));
  const text = symbolMap(image, image.section(".text")?.index);
  // module.o.readelf: helper is 18 bytes at 0 and init_module begins at 0x20, so the padding belongs to nobody.
  expect(text.lookup(17n)?.symbol.name).toBe("helper");
  expect(text.lookup(18n)).toBeUndefined();
  expect(text.lookup(0x20n)?.symbol.name).toBe("init_module");
  expect(symbolMap(image, image.section(".bss")?.index).lookup(99n)?.symbol.name).toBe("space");
});

test("of several symbols at one address the first one wins, and size 0 reaches to the next", () => {
  const map = new SymbolMap([
    { name: "label", address: 8n, size: 0n },
    { name: "first", address: 0n, size: 4n },
    { name: "alias", address: 0n, size: 8n },
  ]);
  expect(map.lookup(0n)?.symbol.name).toBe("first");
  expect(map.lookup(4n)).toBeUndefined();
  expect(map.lookup(1000n)).toEqual({ symbol: { name: "label", address: 8n, size: 0n }, offset: 992n });
  expect(new SymbolMap([]).lookup(0n)).toBeUndefined();
});
