import { NodeFlag } from "../../src/index-format/format";
import { makeModule } from "../../src/testing";
import type { Costs } from "../costs";
import { indexOf, node, u32 } from "../index-nodes";
import { joined } from "../mutations";
import { TREE } from "../tools";
import { lines } from "./lines";

/** The first of a file's nodes stands behind its header. */
const FIRST = 12;

/** Indexes, and what they are made from. */
export const indexCosts: Costs = {
  oneAlias: (size) => ({
    files: { [`${TREE}/a.ko`]: makeModule({ modinfo: Array.from({ length: size / 8 }, () => "alias=x") }) },
    commands: ["depmod", "modprobe -R x", "modprobe -c"],
  }),
  oneAliasOfMany: (size) => ({
    files: { [`${TREE}/modules.dep`]: "", [`${TREE}/modules.alias`]: lines(size / 14, (i) => `alias x m${i}\n`) },
    commands: ["modprobe -D x"],
  }),
  oneLineForAll: (size) => {
    const name = (i: number) => i.toString(36).padStart(4, "0");
    const nodes = [node({ values: [`self.ko:${lines(size / 5, (i) => ` ${name(i)}`)}`] })];
    let [last, offset] = [NodeFlag.values + FIRST, FIRST + (nodes[0]?.length ?? 0)];
    for (let i = 0; i < 4; i++) {
      const next = node({ first: 0x30, children: Array.from({ length: 75 }, () => last) });
      nodes.push(next);
      last = NodeFlag.children + offset;
      offset += next.length;
    }
    return { files: { [`${TREE}/modules.dep.bin`]: indexOf(nodes, last) }, commands: ["modprobe -D 0000"] };
  },
  nodesInNodes: (size) => {
    const nodes: Uint8Array[] = [];
    let [last, offset] = [0, FIRST];
    for (let i = 0; i < 300; i++) {
      const next = joined([node({ first: 0x61, children: [last] }), u32(Math.floor((size - offset - 10) / 5))]);
      nodes.push(next);
      last = NodeFlag.children + NodeFlag.values + offset;
      offset += next.length;
    }
    const bytes = indexOf([...nodes, new Uint8Array(size - offset)], last);
    const files = { [`${TREE}/modules.dep.bin`]: bytes, [`${TREE}/modules.alias.bin`]: bytes };
    return { files, commands: [`modprobe -R ${"a".repeat(299)}`] };
  },
  keysInKeys: (size) => {
    const nodes: Uint8Array[] = [];
    let [last, offset] = [0, FIRST];
    while (offset < Math.min(size, 100_000)) {
      const next = node({ first: "*a[ab]".charCodeAt(nodes.length % 6), children: [last], values: ["x"] });
      nodes.push(next);
      last = NodeFlag.children + NodeFlag.values + offset;
      offset += next.length;
    }
    const files = { [`${TREE}/modules.dep`]: "", [`${TREE}/modules.alias.bin`]: indexOf(nodes, last) };
    return { files, commands: [`modprobe -R ${"a".repeat(60)}b`] };
  },
};
