import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FileError } from "../files/files";
import { memoryFiles } from "../files/memory-files";
import { makeModule } from "../testing";
import { diffTrees, type ModuleDifference } from "./diff-trees";

type Content = Readonly<Record<string, Uint8Array | string>>;

function side(content: Content) {
  const files = memoryFiles(content);
  files.add("/t/README", "not a module");
  return { files, directory: "/t", stderr: () => {} };
}

async function diff(before: Content, after: Content): Promise<ModuleDifference[]> {
  const found: ModuleDifference[] = [];
  for await (const difference of diffTrees(side(before), side(after))) found.push(difference);
  return found;
}

const outcomes = async (before: Content, after: Content) => (await diff(before, after)).map(({ outcome }) => outcome);

/** Changes between two modules of one name as `property name: before -> after`. */
async function changes(before: Uint8Array, after: Uint8Array): Promise<string[]> {
  const [outcome] = await outcomes({ "/t/a.ko": before }, { "/t/a.ko": after });
  if (outcome?.kind !== "changed") return [outcome?.kind ?? "nothing"];
  return outcome.changes.map(({ property, name, before, after }) => `${property} ${name}: ${before} -> ${after}`);
}

test("modules are compared by name, sorted, wherever they are", async () => {
  const module = makeModule({ modinfo: ["license=GPL"] });
  const before = { "/t/kernel/old.ko": module, "/t/kernel/b-c.ko": module, "/t/kernel/core.ko": module };
  const after = { "/t/updates/b_c.ko.gz": gzipSync(module), "/t/new.ko": module, "/t/modules.builtin": "x/core.ko\n" };
  expect(await diff(before, after)).toEqual([
    {
      name: "b_c",
      path: "updates/b_c.ko.gz",
      outcome: {
        kind: "changed",
        changes: [{ property: "path", name: "", before: "kernel/b-c.ko", after: "updates/b_c.ko.gz" }],
      },
    },
    { name: "core", path: "kernel/core.ko", outcome: { kind: "removed", builtin: true } },
    { name: "new", path: "new.ko", outcome: { kind: "added", builtin: false } },
    { name: "old", path: "kernel/old.ko", outcome: { kind: "removed", builtin: false } },
  ]);
});

test("what is compressed in another way is the same", async () => {
  const module = makeModule({ modinfo: ["license=GPL"] });
  const level = (level: number) => ({ "/t/a.ko.gz": gzipSync(module, { level }) });
  expect(await outcomes(level(0), level(9))).toEqual([{ kind: "same" }]);
});

test("every property that changes is named, with what it was and what it is", async () => {
  const before = makeModule({
    modinfo: [
      "version=1",
      "vermagic=6.1.0 SMP",
      "depends=b,c",
      "alias=pci:1",
      "alias=pci:2",
      "parm=n:how many",
      "parmtype=n:int",
    ],
  });
  const after = makeModule({
    modinfo: [
      "version=2",
      "srcversion=AB",
      "import_ns=NAMESPACE_OF_SYMBOLS",
      "depends=c,d",
      "alias=pci:2",
      "alias=usb:1",
      "parm=n:how many",
      "parmtype=n:uint",
    ],
  });
  expect(await changes(before, after)).toEqual([
    `size : ${before.length} -> ${after.length}`,
    "parameter n: int: how many -> uint: how many",
    "version : 1 -> 2",
    "vermagic : 6.1.0 SMP -> null",
    "dependency b:  -> null",
    "dependency d: null -> ",
    "alias pci:1:  -> null",
    "alias usb:1: null -> ",
    "srcversion : null -> AB",
    "import_ns NAMESPACE_OF_SYMBOLS: null -> ",
  ]);
});

test("exported symbols are compared with their checksums", async () => {
  const before = makeModule({ exports: ["kept", "gone", "other"], checksums: { kept: 1, gone: 2, other: 3 } });
  const after = makeModule({ exports: ["kept", "come", "other"], checksums: { kept: 1, come: 2, other: 0xabcdef12 } });
  expect(await changes(before, after)).toEqual([
    "export gone: 0x00000002 -> null",
    "export other: 0x00000003 -> 0xabcdef12",
    "export come: null -> 0x00000002",
  ]);
});

test("bytes that have no name are contents", async () => {
  const module = makeModule({ modinfo: ["license=GPL"] });
  const patched = module.slice();
  patched[8] = 1; // In e_ident, after what is looked at.
  expect(await changes(module, patched)).toEqual(["contents : null -> null"]);
});

test("of a damaged module nothing is told but its damage", async () => {
  const module = makeModule({ modinfo: ["license=GPL"] });
  const cut = module.subarray(0, 70);
  expect(await changes(cut, cut)).toEqual(["same"]);
  const told = await changes(module, cut);
  expect(told).toEqual([`size : ${module.length} -> 70`, expect.stringMatching(/^damage : null -> .*file has only/)]);
  const compressed = gzipSync(module);
  const [damage] = (await changes(compressed, compressed.subarray(0, 20))).slice(-1);
  expect(damage).toMatch(/^damage : null -> the gzip data is damaged/);
});

test("a file that cannot be read does not stop the comparison", async () => {
  const module = makeModule();
  const unreadable = side({ "/t/a.ko": module, "/t/b.ko": module });
  const readFile = unreadable.files.readFile.bind(unreadable.files);
  unreadable.files.readFile = async (path) => {
    if (path === "/t/a.ko") throw new FileError("EACCES", path);
    return readFile(path);
  };
  const found: ModuleDifference[] = [];
  for await (const difference of diffTrees(side({ "/t/a.ko": module, "/t/b.ko": module }), unreadable)) {
    found.push(difference);
  }
  expect(found.map(({ outcome }) => outcome)).toEqual([
    { kind: "unreadable", reason: "/t/a.ko: Permission denied" },
    { kind: "same" },
  ]);
});
