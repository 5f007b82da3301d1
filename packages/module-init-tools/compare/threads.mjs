// Reads every module of a real tree on several threads and on one, and compares what they say. Needs a built package.
//
//   node compare/threads.mjs <root with lib/modules in it>

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parallelFactsReader } from "module-init-tools/node";
import { readArguments } from "./arguments.mjs";

const { roots } = readArguments("compare/threads.mjs <root>", {}, [1, 1]);
const tree = join(roots[0], "lib/modules");
const paths = readdirSync(tree, { recursive: true })
  .filter((path) => /\.ko(\.\w+)?$/.test(path))
  .map((path) => join(tree, path));
const wanted = { versions: true };
const alone = await parallelFactsReader(Number.POSITIVE_INFINITY)(paths, wanted);
let taken = 0;
const together = await parallelFactsReader(0)(paths, { ...wanted, progress: () => taken++ });
const different = paths.filter((_, i) => !isDeepStrictEqual(alone[i], together[i]));
for (const path of different.slice(0, 10)) console.log(`${path}: another thread has read something else`);
console.log(
  `threads: ${paths.length} modules, ${paths.length - taken} of them read by other threads, ${different.length} differences`,
);
process.exitCode = different.length === 0 && taken < paths.length ? 0 : 1;
