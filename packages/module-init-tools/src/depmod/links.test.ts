import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Log } from "../command/log";
import { DEFAULT_DEPMOD_CONFIG } from "../config/depmod-config";
import { nodeFiles } from "../files/node-files";
import { findModules } from "./find-modules";
import { isUpToDate } from "./up-to-date";

let root = "";
let messages: string[] = [];
const log = new Log("depmod", (text) => messages.push(text));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "module-init-tools-"));
  messages = [];
  mkdirSync(join(root, "tree"));
  for (const name of ["a.ko", "modules.order", "modules.dep"]) writeFileSync(join(root, "tree", name), "");
});
afterEach(() => rmSync(root, { recursive: true }));

/** Directories outside of the tree, with two links each to the next: as many ways to the last as 2 to this power. */
function linked(count: number): void {
  for (let i = 0; i <= count; i++) mkdirSync(join(root, `${i}`));
  for (let i = 0; i < count; i++) for (const name of ["x", "y"]) symlinkSync(`../${i + 1}`, join(root, `${i}`, name));
  writeFileSync(join(root, `${count}`, "z.ko"), "");
  symlinkSync("../0", join(root, "tree/start"));
}

test("links lead to modules, whichever way comes first", async () => {
  linked(3);
  const found = await findModules(nodeFiles, join(root, "tree"), DEFAULT_DEPMOD_CONFIG, log);
  expect(found.map(({ path }) => path.replace(/[xy]/g, "_")).sort()).toEqual(["a.ko", "start/_/_/_/z.ko"]);
  expect(messages).toEqual([]);
});

test("a search does not go a thousand million ways", async () => {
  linked(30);
  const tree = join(root, "tree");
  const found = await findModules(nodeFiles, tree, DEFAULT_DEPMOD_CONFIG, log);
  expect(found.map(({ name }) => name).sort()).toEqual(["a", "z"]);
  expect(messages.at(-1)).toMatch(/^depmod: ERROR: openat\(.*O_RDONLY\): Too many levels of symbolic links\n$/);
  utimesSync(join(tree, "modules.dep"), 4e9, 4e9);
  expect(await isUpToDate(nodeFiles, tree, log)).toBe(true);
});

test("a directory that has links to itself is as new as what is in it", async () => {
  for (const name of ["x", "y"]) symlinkSync(".", join(root, "tree", name));
  expect(await isUpToDate(nodeFiles, join(root, "tree"), log)).toBe(true);
  expect(messages).toHaveLength(2);
});
