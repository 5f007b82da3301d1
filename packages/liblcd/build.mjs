#!/usr/bin/env node
/**
 * Makes everything under prebuilt/: `node build.mjs` (needs gcc). The result is committed, so that running the
 * examples takes no compiler. The same gcc gives the same bytes.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { archiveLiblcd, compileModule, findCompiler } from "./tools/cc.js";

const root = fileURLToPath(new URL(".", import.meta.url));
const destination = process.argv[2] ?? join(root, "prebuilt");
const workspace = mkdtempSync(join(tmpdir(), "liblcd-"));
/** All is made here first: the destination is never half done. The workspace itself is closed to others, this is not. */
const target = join(workspace, "prebuilt");

/** Flags that a module needs beyond the usual ones. */
const extraFlags = {
  "smash-protected": ["-fstack-protector-all"],
};

const sourcesIn = (directory) =>
  readdirSync(join(root, directory))
    .filter((file) => /\.[cS]$/.test(file))
    .sort()
    .map((file) => join(root, directory, file));

async function build(sources, output, flags = []) {
  const { warnings } = await compileModule({ sources, output, library, flags: ["-Wextra", "-Werror", ...flags] });
  if (warnings !== "") throw new Error(warnings);
  console.log(relative(target, output));
}

/** Which of the modules exports what another one lacks: lines as depmod writes them. */
function dependencies(files) {
  const symbols = (file) => execFileSync("nm", [file], { encoding: "utf8" }).trim().split("\n");
  const exporters = new Map();
  for (const file of files) {
    for (const line of symbols(file)) {
      const exported = / r __ksymtab_(\S+)$/.exec(line);
      if (exported) exporters.set(exported[1], basename(file));
    }
  }
  return files.map((file) => {
    const wanted = symbols(file).flatMap((line) => exporters.get(/ U (\S+)$/.exec(line)?.[1]) ?? []);
    const needed = [...new Set(wanted)].filter((name) => name !== "lcd-runtime.ko");
    return [`${basename(file)}:`, ...needed].join(" ");
  });
}

mkdirSync(join(target, "test-modules"), { recursive: true });
const library = join(target, "liblcd.a");
await archiveLiblcd({ output: library });
await build(sourcesIn("src/runtime"), join(target, "lcd-runtime.ko"));
const examples = [];
for (const source of sourcesIn("examples")) {
  const output = join(target, `${basename(source, ".c")}.ko`);
  await build([source], output);
  examples.push(output);
}
for (const source of sourcesIn("test-modules")) {
  const name = basename(source, ".c");
  await build([source], join(target, "test-modules", `${name}.ko`), extraFlags[name]);
}
rmSync(library);
const [compiler] = execFileSync(await findCompiler(), ["--version"], { encoding: "utf8" }).split("\n");
writeFileSync(join(target, "built-with.txt"), `${compiler}\n`);
writeFileSync(join(target, "modules.dep"), `${dependencies(examples).join("\n")}\n`);
rmSync(destination, { recursive: true, force: true });
cpSync(target, destination, { recursive: true });
rmSync(workspace, { recursive: true });
