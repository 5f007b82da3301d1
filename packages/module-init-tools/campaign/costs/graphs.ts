import { makeModule } from "../../src/testing";
import type { Cost, Costs } from "../costs";
import { TREE } from "../tools";
import { lines } from "./lines";

/** Modules that need one another. */
export const graphCosts: Costs = {
  ring: (size) => modules(size / 800, (i, count) => [(i + 1) % count]),
  neighbours: (size) => modules(size / 800, (i, count) => [i + 1, i + 2, i - 1].map((j) => (j + count) % count)),
  everyOther: (size) => modules(Math.sqrt(size / 30), (_, count) => Array.from({ length: count }, (_, j) => j)),
  chain: (size) => modules(size / 800, (i) => [i + 1]),
  square: (size) => {
    const count = Math.sqrt(size / 5);
    const dependencies = (i: number) => lines(i, (j) => ` m${j}.ko`);
    return {
      files: {
        [`${TREE}/modules.dep`]: lines(count, (i) => `m${i}.ko:${dependencies(i)}\n`),
        [`${TREE}/modules.softdep`]: lines(count, (i) => `softdep m${i} pre: m${i - 1}\n`),
      },
      commands: [`modprobe -D m${Math.floor(count) - 1}`],
    };
  },
};

function modules(size: number, needs: (i: number, count: number) => readonly number[]): Cost {
  const count = Math.floor(size);
  const files = Array.from({ length: count }, (_, i): [string, Uint8Array] => [
    `${TREE}/m${i}.ko`,
    makeModule({ exports: [`s${i}`], imports: needs(i, count).map((other) => `s${other}`) }),
  ]);
  return { files: Object.fromEntries(files), commands: ["depmod", "modprobe -a m0"] };
}
