// Checks what would be published: `publint` looks at each package as it is packed, `attw` at the types that its users
// get; then all are installed in an empty folder, and used there. To be run after a build.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run, runScript, SetupError } from "./setup.mjs";

const quietly = { capture: true, quiet: true };

await runScript(async () => {
  const scratch = mkdtempSync(join(tmpdir(), "lcd-packages-"));
  try {
    const packed = join(scratch, "packed");
    mkdirSync(packed);
    const failed = new Set();
    for (const folder of publishedPackages()) {
      const { name, exports } = manifest(folder);
      const file = await pack(folder, packed);
      if (!(await filesOf(file)).includes("package/LICENSE")) throw new SetupError(`${name} is packed without LICENSE`);
      const checks = [["publint", "run", file, "--strict"]];
      if (exports !== undefined) checks.push(["attw", file, "--profile", "esm-only", "--format", "ascii"]);
      for (const [command, ...args] of checks) {
        const { code, output } = await run(command, args, quietly);
        console.log(`${name}: ${command} ${code === 0 ? "found nothing wrong" : `says\n${output}`}`);
        if (code !== 0) failed.add(name);
      }
    }
    if (failed.size > 0) throw new SetupError(`these packages are not fit to be published: ${[...failed].join(", ")}`);
    await useThem(join(scratch, "user"), packed);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return 0;
});

/** Installs the packed packages as somebody else would, imports each, and runs the command. */
async function useThem(folder, packed) {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  const files = readdirSync(packed).map((file) => join(packed, file));
  const imports = publishedPackages()
    .map(manifest)
    .filter(({ exports }) => exports !== undefined)
    .map(({ name }) => `import ${JSON.stringify(name)};\n`);
  writeFileSync(join(folder, "imports.js"), imports.join(""));
  writeFileSync(join(folder, "imports.ts"), imports.join(""));
  const steps = [
    ["npm", "install", "--no-audit", "--no-fund", ...files],
    [process.execPath, "imports.js"],
    ["tsc", ..."--noEmit --strict --module nodenext --target es2022 --typeRoots none imports.ts".split(" ")],
    [process.execPath, join("node_modules", "lcd-cli", "bin", "lcd.cjs"), "run", "hello"],
  ];
  for (const [command, ...args] of steps) {
    const { code, output } = await run(command, args, { ...quietly, cwd: folder });
    if (code !== 0) {
      console.log(output);
      throw new SetupError(`installed in an empty folder, the packages do not work: ${command} ${args[0]} failed`);
    }
  }
  console.log(
    `installed in an empty folder: ${imports.length} packages can be imported, with their types, and lcd run hello works`,
  );
}

/** Packs as the release does; gives the tarball. */
async function pack(folder, destination) {
  const before = new Set(readdirSync(destination));
  const { code } = await run("pnpm", ["--dir", folder, "pack", "--pack-destination", destination], quietly);
  const [made] = readdirSync(destination).filter((file) => !before.has(file));
  if (code !== 0 || made === undefined) throw new SetupError(`pnpm pack failed in ${folder}`);
  return join(destination, made);
}

async function filesOf(archive) {
  return (await run("tar", ["-tzf", archive], quietly)).output.split("\n");
}

function publishedPackages() {
  return ["packages", "apps"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)))
    .filter((folder) => manifest(folder).private !== true);
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
}
