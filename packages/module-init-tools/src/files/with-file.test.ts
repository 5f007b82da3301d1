import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readModuleFacts } from "../depmod/module-facts";
import { readFacts } from "../depmod/read-facts";
import { makeModule } from "../testing";
import { nodeFiles } from "./node-files";
import { withFile } from "./with-file";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "module-init-tools-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const SIZE = 300_000;

/** A file of one letter; what was in the shared memory before is another one. */
function fileOf(letter: string): string {
  const path = join(root, letter);
  writeFileSync(path, letter.repeat(SIZE));
  if (letter !== "x") withFile(fileOf("x"), (_, fetch) => fetch(0, SIZE));
  return path;
}

const allOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("the beginning of a big file is there, and the rest when it was fetched", () => {
  withFile(fileOf("a"), (bytes, fetch) => {
    expect(bytes).toHaveLength(SIZE);
    expect(allOf(bytes.subarray(0, 4096))).toBe("a".repeat(4096));
    fetch(200_000, 200_100);
    expect(allOf(bytes.subarray(200_000, 200_100))).toBe("a".repeat(100));
    fetch(SIZE - 10, SIZE + 10);
    expect(allOf(bytes.subarray(SIZE - 10))).toBe("a".repeat(10));
  });
});

test("who asks for more than there is gets all, and asks the disk no more", () => {
  const path = fileOf("a");
  withFile(path, (bytes, fetch) => {
    fetch(0, 200_000);
    fetch(0, 200_000);
    expect(allOf(bytes)).toBe("a".repeat(SIZE));
    writeFileSync(path, "b".repeat(SIZE));
    fetch(0, SIZE);
    expect(allOf(bytes)).toBe("a".repeat(SIZE));
  });
});

test("what is cut off meanwhile is zeros, not bytes of the file before", () => {
  const path = fileOf("a");
  withFile(path, (bytes, fetch) => {
    truncateSync(path, 150_000);
    fetch(149_999, 150_002);
    expect([...bytes.subarray(149_999, 150_002)]).toEqual([0x61, 0, 0]);
  });
});

test("of a big module is known what is known of all its bytes", async () => {
  const big = { exports: ["e1", "e2"], imports: ["i1"], weakImports: ["w1"], versions: { i1: 7, only: 9 } };
  const modinfo = [`description=${"x".repeat(SIZE)}`, "alias=pci:v1*", "softdep=pre: a"];
  const module = makeModule({ ...big, modinfo });
  const path = join(root, "big.ko");
  writeFileSync(path, module);
  for (const versions of [false, true]) {
    const { facts, error } = await readFacts(nodeFiles, path, { versions });
    expect(error).toBeNull();
    expect(facts).toEqual(readModuleFacts(module, { versions }));
    expect(facts.aliases).toEqual(["pci:v1*"]);
  }
});
