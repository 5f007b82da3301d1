import { expect, test } from "vitest";
import { memoryFiles } from "./memory-files";

test("a file is found by any spelling of its path", async () => {
  const files = memoryFiles({ "lib/modules/a.ko": "content" });
  expect(files.text("/lib//modules/./x/../a.ko")).toBe("content");
  expect(await files.stat("/lib/modules/a.ko")).toEqual({ kind: "file", size: 7 });
  expect(await files.stat("/lib/modules")).toEqual({ kind: "directory", size: 0 });
});

test("a directory keeps the order in which things were put there", async () => {
  const files = memoryFiles({ "/d/b": "", "/d/a/x": "", "/d/c": "" });
  expect(await files.readDirectory("/d")).toEqual([
    { name: "b", kind: "file" },
    { name: "a", kind: "directory" },
    { name: "c", kind: "file" },
  ]);
});

test("what is read is a copy, and so is what is written", async () => {
  const files = memoryFiles({ "/a": "abc" });
  (await files.readFile("/a")).fill(0);
  const bytes = new Uint8Array([1, 2]);
  await files.writeFile("/b", bytes);
  bytes.fill(9);
  expect(files.text("/a")).toBe("abc");
  expect(await files.readFile("/b")).toEqual(new Uint8Array([1, 2]));
});

test("rename replaces, remove deletes", async () => {
  const files = memoryFiles({ "/a": "new", "/b": "old", "/c": "" });
  await files.rename("/a", "/b");
  await files.remove("/c");
  expect(files.paths()).toEqual(["/b"]);
  expect(files.text("/b")).toBe("new");
});

test.each([
  ["ENOENT", "/nothing"],
  ["EISDIR", "/d"],
  ["ENOTDIR", "/d/f/below"],
])("%s when reading %s", async (code, path) => {
  await expect(memoryFiles({ "/d/f": "" }).readFile(path)).rejects.toMatchObject({ code });
});

test("writing into a directory that is not there is refused", async () => {
  await expect(memoryFiles().writeFile("/no/file", new Uint8Array(0))).rejects.toMatchObject({ code: "ENOENT" });
});
