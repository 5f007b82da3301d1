import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Options } from "tsup";
import { membersUsed } from "./enum-members";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/**
 * Takes iced-x86 apart. As it comes it is one CommonJS file of 924 KB, most of it tables of names; made an ES module
 * the bundle has only what is used of it.
 */
export const icedAsModule: Plugin = {
  name: "iced-as-module",
  setup(build) {
    const file = createRequire(import.meta.url).resolve("iced-x86");
    build.onResolve({ filter: /^iced-x86$/ }, () => ({ path: file, namespace: "iced", sideEffects: false }));
    build.onLoad({ filter: /.*/, namespace: "iced" }, () => ({
      contents: asModule(readFileSync(file, "utf8")),
      resolveDir: dirname(file),
    }));
  },
};

/** What is replaced in the file, each at least once. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [
    /^imports\['__wbindgen_placeholder__'\] = module\.exports;$/m,
    "const callbacks = imports['__wbindgen_placeholder__'] = {};",
  ],
  [/^const \{ TextDecoder, TextEncoder \} = require\(`util`\);$/m, ""],
  [/^module\.exports\.(__wbg_\w+|__wbindgen_\w+) = /gm, "callbacks.$1 = "],
  [/^module\.exports\.__wasm = wasm;$/m, ""],
  [/^module\.exports\.(\w+) = Object\.freeze\(/gm, "export const $1 = /* @__PURE__ */ Object.freeze("],
  [/^module\.exports\.(\w+) = function\(/gm, "export const $1 = function("],
  [/^module\.exports\.(\w+) = \1;$/gm, "export { $1 };"],
  [/^const path = require\('path'\)\.join\(__dirname, 'iced_x86_bg\.wasm'\);$/m, ""],
  [
    /^const bytes = require\('fs'\)\.readFileSync\(path\);$/m,
    'import { readFileSync } from "node:fs";\nimport file from "./iced_x86_bg.wasm";\n' +
      "const bytes = readFileSync(new URL(file, import.meta.url));",
  ],
];

function asModule(source: string): string {
  let text = source;
  for (const [pattern, replacement] of replacements) {
    const before = text;
    text = text.replace(pattern, replacement);
    if (text === before) throw new Error(`iced-x86 has changed: ${pattern} is not in it`);
  }
  const left = /^.*(module\.exports|require\()(?!.*iced-x86"\)|.*assert"\)).*$/m.exec(text.replace(/^ *\*.*$/gm, ""));
  if (left !== null) throw new Error(`iced-x86 has changed: ${left[0]}`);
  return large.reduce(withoutUnused, text);
}

/** Tables that are worth looking into: 315 KB and 57 KB. */
const large = ["Code", "Mnemonic"];

/** Leaves of a table of names only what the packages mention; the way back, from number to name, goes too. */
function withoutUnused(text: string, table: string): string {
  const used = membersUsed(table);
  const start = text.indexOf(`export const ${table} =`);
  const end = text.indexOf("});", start);
  if (start < 0 || end < 0) throw new Error(`iced-x86 has changed: there is no table ${table}`);
  const entries = [...text.slice(start, end).matchAll(/(?<=[,{\s])([A-Za-z_]\w*):(\d+)/g)].filter(([, name]) =>
    used.has(name),
  );
  if (entries.length < used.size)
    throw new Error(`iced-x86 has changed: ${table} has not all of ${[...used].join(", ")}`);
  const kept = entries.map(([entry]) => entry).join(",");
  return `${text.slice(0, start)}export const ${table} = /* @__PURE__ */ Object.freeze({${kept}${text.slice(end)}`;
}
