import { expect, test } from "vitest";
import { memoryFiles } from "./memory-files";
import { mountFiles } from "./mount-files";

const text = async (bytes: Promise<Uint8Array>) => new TextDecoder().decode(await bytes);

test("a path belongs to the longest place that it lies in", async () => {
  const files = mountFiles({
    "/": memoryFiles({ "/a/b/c": "root", "/a/bc": "root" }),
    "/a/b": memoryFiles({ "/a/b/c": "b" }),
    "/a/b/d": memoryFiles({ "/a/b/d/e": "d" }),
  });
  expect(await text(files.readFile("/a/b/c"))).toBe("b");
  expect(await text(files.readFile("/a/bc"))).toBe("root");
  expect(await text(files.readFile("/a/b/../b//d/e"))).toBe("d");
  expect(await files.stat("/a/b")).toMatchObject({ kind: "directory" });
  await expect(files.readFile("/a/b/x")).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file system that changes is asked for each time", async () => {
  let content = "old";
  const files = mountFiles({ "/now": () => memoryFiles({ "/now": content }) });
  expect(await text(files.readFile("/now"))).toBe("old");
  content = "new";
  expect(await text(files.readFile("/now"))).toBe("new");
  await expect(files.readDirectory("/elsewhere")).rejects.toMatchObject({ code: "ENOENT" });
});

test("files are written, moved and deleted where they belong, and not moved between file systems", async () => {
  const [root, inner] = [memoryFiles({ "/a": "a", "/m": "" }), memoryFiles({ "/m/x": "x" })];
  const files = mountFiles({ "/": root, "/m": inner });
  await files.writeFile("/m/new", new TextEncoder().encode("n"));
  await files.rename("/m/new", "/m/newer");
  await files.remove("/m/x");
  expect(inner.paths()).toEqual(["/m/newer"]);
  await expect(files.rename("/a", "/m/a")).rejects.toMatchObject({ code: "EXDEV" });
  expect(root.paths()).toEqual(["/a", "/m"]);
});
