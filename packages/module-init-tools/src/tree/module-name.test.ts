import { expect, test } from "vitest";
import { hasUnmatchedBracket, isModuleFile, moduleNameOfPath, normalizeName, pathInModulesOrder } from "./module-name";

test("dashes become underscores, except inside a wildcard's brackets", () => {
  expect(normalizeName("crc-itu-t")).toBe("crc_itu_t");
  expect(normalizeName("a-[b-d]-e")).toBe("a_[b-d]_e");
});

test("a bracket without its partner is found, and keeps no dash", () => {
  expect(["a[", "a]", "[b-c]d[", "]["].every(hasUnmatchedBracket)).toBe(true);
  expect(["a", "[b-c]", "[[]", "[a][b]"].some(hasUnmatchedBracket)).toBe(false);
  expect(normalizeName("[a-b]-[c-d")).toBe("[a-b]_[c_d");
});

test("opening brackets by the million are read once each, not once for each other one", () => {
  const brackets = "[".repeat(2_000_000);
  expect(hasUnmatchedBracket(brackets)).toBe(true);
  expect(normalizeName(`a-b${brackets}`)).toBe(`a_b${brackets}`);
});

test("the name of a module is its file's up to the first dot", () => {
  expect(moduleNameOfPath("kernel/lib/crc-itu-t.ko.xz")).toBe("crc_itu_t");
  expect(moduleNameOfPath("/x/crc16.ko")).toBe("crc16");
  expect(moduleNameOfPath("plain")).toBe("plain");
});

test("modules are told by the end of their names", () => {
  expect(["a.ko", "a.ko.gz", "a.ko.xz", "a.ko.zst"].every(isModuleFile)).toBe(true);
  expect(["a.ko.bz2", "a.o", "ako", "modules.dep"].some(isModuleFile)).toBe(false);
});

test("modules.order names modules without the ending of their compression", () => {
  expect(pathInModulesOrder("kernel/a.ko.zst")).toBe("kernel/a.ko");
  expect(pathInModulesOrder("kernel/a.ko")).toBe("kernel/a.ko");
  // depmod of kmod 30 finds m.1.ko by `kernel/m.1.` in modules.order, not by `kernel/m.1.ko`.
  expect(pathInModulesOrder("kernel/d.d/m.1.ko")).toBe("kernel/d.d/m.1.");
  expect(pathInModulesOrder("kernel/d.d/m.o")).toBe("kernel/d.d/m.o");
  expect(pathInModulesOrder("kernel/d.d/m")).toBe("kernel/d.d/m");
});
