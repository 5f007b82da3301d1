import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Options } from "tsup";
import { membersUsed, namesNear } from "./iced-users";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** How the module comes by its WebAssembly: with a file beside the bundle, which Node reads, or from inside the bundle. */
export type IcedBytes = "file" | "inside";

const loading: Record<IcedBytes, string> = {
  file:
    'import { readFileSync } from "node:fs";\nimport file from "./iced_x86_bg.wasm";\n' +
    "const bytes = readFileSync(new URL(file, import.meta.url));",
  inside: 'import bytes from "./iced_x86_bg.wasm";',
};

/**
 * Takes iced-x86 apart. As it comes it is one CommonJS file of 924 KB for Node, most of it tables of names and methods
 * that nobody calls; made an ES module the bundle has only what is used of it, and needs nothing of Node.
 *
 * @param roots folders of the repository whose sources are in the bundle
 */
export function icedAsModule(bytes: IcedBytes, roots: readonly string[]): Plugin {
  return {
    name: "iced-as-module",
    setup(build) {
      build.initialOptions.loader = { ...build.initialOptions.loader, ".wasm": bytes === "file" ? "file" : "binary" };
      // Not the file's own path: source maps would tell where it was built.
      build.onResolve({ filter: /^iced-x86$/ }, () => ({ path: "iced-x86", namespace: "iced", sideEffects: false }));
      build.onLoad({ filter: /.*/, namespace: "iced" }, () => ({
        contents: asModule(readFileSync(icedFile, "utf8"), bytes, roots),
        resolveDir: dirname(icedFile),
      }));
    },
  };
}

const repository = fileURLToPath(new URL("..", import.meta.url));
const icedFile = createRequire(join(repository, "packages/lcd-arch-x86/package.json")).resolve("iced-x86");

/** What is replaced in the file, each at least once. */
const replacements = (bytes: IcedBytes): readonly (readonly [RegExp, string])[] => [
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
  [/^const bytes = require\('fs'\)\.readFileSync\(path\);$/m, loading[bytes]],
];

function asModule(source: string, bytes: IcedBytes, roots: readonly string[]): string {
  let text = source;
  for (const [pattern, replacement] of replacements(bytes)) {
    const before = text;
    text = text.replace(pattern, replacement);
    if (text === before) throw new Error(`iced-x86 has changed: ${pattern} is not in it`);
  }
  const left = /^.*(module\.exports|require\()(?!.*iced-x86"\)|.*assert"\)).*$/m.exec(text.replace(/^ *\*.*$/gm, ""));
  if (left !== null) throw new Error(`iced-x86 has changed: ${left[0]}`);
  return large.reduce((rest, table) => withoutUnused(rest, table, roots), withoutUncalled(text, roots));
}

/** Tables that are worth looking into: 315 KB and 57 KB. */
const large = ["Code", "Mnemonic"];

/** Leaves of a table of names only what the packages mention; the way back, from number to name, goes too. */
function withoutUnused(text: string, table: string, roots: readonly string[]): string {
  const used = membersUsed(table, roots);
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

/** A class, and a method in it, as wasm-bindgen writes them. */
const aClass = /^class (\w+) \{\n[\s\S]*?^\}$/gm;
const aMethod = /^ {4}(?:static |get |set )*(\w+)\(.*\) \{\n[\s\S]*?^ {4}\}\n/gm;

/** What methods that are called need. */
const always = new Set(["constructor", "__wrap", "__destroy_into_raw", "free"]);

/** Leaves of the classes only the methods whose names stand in files that use a class of iced-x86. */
function withoutUncalled(text: string, roots: readonly string[]): string {
  const classes = Array.from(text.matchAll(aClass), ([, name]) => name);
  if (!classes.includes("Instruction")) throw new Error("iced-x86 has changed: there is no class Instruction");
  const names = namesNear(classes, roots);
  return text.replace(aClass, (whole) =>
    whole.replace(aMethod, (method, name) => (always.has(name) || names.has(name) ? method : "")),
  );
}
