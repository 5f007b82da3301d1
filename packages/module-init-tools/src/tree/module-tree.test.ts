import { expect, test } from "vitest";
import { memoryFiles } from "../files/memory-files";
import { ModuleTree, parseModulesDep } from "./module-tree";

test("a line of modules.dep gives a module's name, path and what it needs", () => {
  const modules = parseModulesDep("kernel/a-b.ko.xz: kernel/c.ko  extra/d.ko\n/opt/e.ko:\nnonsense\n", "/tree");
  expect([...modules.keys()]).toEqual(["a_b", "e"]);
  expect(modules.get("a_b")).toMatchObject({ path: "/tree/kernel/a-b.ko.xz", dependencies: ["c", "d"] });
  expect(modules.get("e")).toMatchObject({ path: "/opt/e.ko", dependencies: [] });
});

test("the first of two lines about one module counts", () => {
  expect(parseModulesDep("x/a.ko: b.ko\ny/a.ko:\n", "/t").get("a")?.path).toBe("/t/x/a.ko");
});

test("a tree without indexes knows nothing, and says so without an error", async () => {
  const tree = new ModuleTree(memoryFiles(), "/lib/modules/6.1.0");
  expect(await tree.module("a")).toBeUndefined();
  expect(await tree.modulesForAlias("a")).toEqual([]);
  expect(await tree.modulesForSymbol("symbol:a")).toEqual([]);
  expect((await tree.builtin()).size).toBe(0);
});

test("each index is read once", async () => {
  const files = memoryFiles({ "/t/modules.dep": "a.ko:\n" });
  const tree = new ModuleTree(files, "/t");
  expect(await tree.module("a")).toBeDefined();
  files.add("/t/modules.dep", "b.ko:\n");
  expect(await tree.module("a")).toBeDefined();
});

test("the modules that serve an alias come with the pattern that matches", async () => {
  const files = memoryFiles({ "/t/modules.alias": "alias pci:v8086-* a\nalias pci:v* b\nalias usb:* c\n" });
  expect(await new ModuleTree(files, "/t").modulesForAlias("pci:v8086_1")).toEqual([
    { pattern: "pci:v8086_*", module: "a" },
    { pattern: "pci:v*", module: "b" },
  ]);
});

test("an index that cannot be read is named", async () => {
  const files = memoryFiles({ "/t/modules.dep.bin/x": "", "/t/modules.alias/x": "" });
  await expect(new ModuleTree(files, "/t").modules()).rejects.toThrow(
    "could not open /t/modules.dep.bin: Is a directory",
  );
  await expect(new ModuleTree(files, "/t").modulesForAlias("a")).rejects.toThrow("could not open /t/modules.alias: ");
});
