import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeModule } from "../testing";
import { type FactsWork, parallelFactsReader, takeTurns } from "./read-in-parallel";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "module-init-tools-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function modules(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const path = join(root, `m${i}.ko`);
    writeFileSync(path, makeModule({ exports: [`symbol_${i}`] }));
    return path;
  });
}

test("two that take turns read each module once, whoever is faster", async () => {
  const paths = modules(50);
  const work: FactsWork = { paths, next: new Int32Array(new SharedArrayBuffer(4)), wanted: {} };
  const [slow, fast] = [takeTurns(work)[Symbol.asyncIterator](), takeTurns(work)];
  const read: (readonly [number, readonly string[]])[] = [];
  const first = await slow.next();
  if (!first.done) read.push([first.value[0], first.value[1].facts.exports]);
  for await (const [place, { facts }] of fast) read.push([place, facts.exports]);
  for (let next = await slow.next(); !next.done; next = await slow.next()) {
    read.push([next.value[0], next.value[1].facts.exports]);
  }
  expect(read.sort(([a], [b]) => a - b)).toEqual(paths.map((_, i) => [i, [`symbol_${i}`]]));
});

test("answers come in the order of the paths, also for what cannot be read", async () => {
  const paths = modules(40);
  paths[7] = join(root, "nothing.ko");
  const read = await parallelFactsReader(0)(paths, { versions: false });
  expect(read.map(({ facts, error }) => error ?? facts.exports[0])).toEqual(
    paths.map((_, i) => (i === 7 ? "No such file or directory" : `symbol_${i}`)),
  );
});
