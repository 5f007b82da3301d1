import type { SeededRandom } from "../../lcd-domains/src/host/random";
import { IndexReader, type MemoryFiles, memoryFiles } from "../src";
import { NodeFlag } from "../src/index-format/format";
import { madeModules } from "./fixtures";
import { indexOf, node } from "./index-nodes";
import type { CampaignKind } from "./kind";
import { pick, spoilt } from "./mutations";
import { attempt, runDepmod, runTools, TREE } from "./tools";

const BINARY = ["modules.dep.bin", "modules.alias.bin", "modules.symbols.bin"].concat([
  "modules.builtin.bin",
  "modules.builtin.alias.bin",
]);

/** Binary indexes of a tree, of which one is spoilt, or made to be evil. */
export async function spoiltIndexes(): Promise<CampaignKind> {
  const whole = await indexedTree();
  return {
    seconds: 2,
    megabytes: 500,
    async run(at, random, outcome) {
      const path = `${TREE}/${pick(BINARY, random)}`;
      const make = at % 4 === 0 ? pick(EVIL, random) : null;
      const bytes = make === null ? spoiltIndex(await whole.readFile(path), random) : make(random);
      const files = memoryFiles(Object.fromEntries(whole.paths().map((name) => [name, whole.text(name)])));
      for (const name of BINARY) files.add(`${TREE}/${name}`, await whole.readFile(`${TREE}/${name}`));
      files.add(path, bytes);
      await askDirectly(bytes, outcome);
      const words = [
        "module_1",
        "pci:v00001234d00005678sv0sd0bc0sc0i0",
        "symbol:one",
        "ab",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
      ];
      const commands = words.flatMap((word) => [
        `modprobe -D ${word}`,
        `modprobe -a -R ${word} ${word}`,
        `modinfo ${word}`,
      ]);
      await runTools(["modprobe -c", "modprobe -r module_2", ...commands], files, outcome);
    },
  };
}

/** Every index of a tree whose modules need one another. */
async function indexedTree(): Promise<MemoryFiles> {
  const modules = madeModules().map((bytes, i): [string, Uint8Array] => [`${TREE}/kernel/module-${i}.ko`, bytes]);
  const builtin = {
    [`${TREE}/modules.builtin`]: "kernel/core.ko\nkernel/core-part.ko\n",
    [`${TREE}/modules.builtin.modinfo`]:
      "core.alias=a*\0core.alias=ab\0core_part.license=GPL\0core_part.alias=a[bc]*\0",
  };
  return runDepmod({ ...Object.fromEntries(modules), ...builtin }, "", () => undefined);
}

function spoiltIndex(whole: Uint8Array, random: SeededRandom): Uint8Array {
  if (random.below(2) === 0) return spoilt(whole, random);
  // References in place of others: circles, and parts that several ways lead to.
  const bytes = whole.slice();
  const view = new DataView(bytes.buffer);
  for (let i = 1 + random.below(4); i > 0; i--) {
    const flags = random.below(8) * 0x2000_0000;
    const from = random.below(2) === 0 ? view.getUint32(8) : flags + random.below(bytes.length);
    view.setUint32(8 + random.below(bytes.length - 12), from >>> 0);
  }
  return bytes;
}

async function askDirectly(bytes: Uint8Array, outcome: (what: string) => void): Promise<void> {
  const reader = () => new IndexReader(bytes, "x.bin");
  await attempt("entries", () => [...reader().entries()], outcome);
  await attempt("search", () => reader().search("ab"), outcome);
  await attempt("searchWild", () => reader().searchWild("a".repeat(200)), outcome);
}

/** Indexes that nobody writes by mistake. */
const EVIL: readonly ((random: SeededRandom) => Uint8Array)[] = [
  function circle(random) {
    return index([node({ children: [NodeFlag.children + 12] })], NodeFlag.children + 12, random);
  },
  function everyWayTwice(random) {
    // 40 nodes, each the child of the next for "a" and for "b": 2^40 ways.
    const nodes = [node({ values: ["x"] })];
    let last = NodeFlag.values + 12;
    let offset = 12 + (nodes[0]?.length ?? 0);
    for (let i = 0; i < 40; i++) {
      const next = node({ first: 0x61, children: [last, last] });
      nodes.push(next);
      last = NodeFlag.children + offset;
      offset += next.length;
    }
    return index(nodes, last, random);
  },
  function deep(random) {
    const nodes: Uint8Array[] = [];
    let last = 0;
    let offset = 12;
    for (let i = 0; i < 20_000; i++) {
      const next = node({ first: 0x61, children: [last], values: ["x"] });
      nodes.push(next);
      last = NodeFlag.children + NodeFlag.values + offset;
      offset += next.length;
    }
    return index(nodes, last, random);
  },
  function longPrefix(random) {
    return index(
      [node({ prefix: "a".repeat(200_000), values: ["x"] })],
      NodeFlag.prefix + NodeFlag.values + 12,
      random,
    );
  },
  function manyValues(random) {
    const values = node({ values: Array.from({ length: 20_000 }, () => "x") });
    return index([values], NodeFlag.values + 12, random);
  },
  function countedTooMany(random) {
    const values = node({ values: ["x"] });
    new DataView(values.buffer).setUint32(0, 0xffff_ffff);
    return index([values], NodeFlag.values + 12, random);
  },
  function wide(random) {
    const leaf = node({ values: ["x"] });
    const references = Array.from({ length: 256 }, () => NodeFlag.values + 12);
    return index([leaf, node({ first: 0, children: references })], NodeFlag.children + 12 + leaf.length, random);
  },
  function rootNowhere(random) {
    return index([], (0xf000_0000 + random.below(1000)) >>> 0, random);
  },
];

/** An index; now and then a little spoilt besides. */
function index(nodes: readonly Uint8Array[], root: number, random: SeededRandom): Uint8Array {
  const bytes = indexOf(nodes, root);
  return random.below(3) === 0 ? spoilt(bytes, random) : bytes;
}
