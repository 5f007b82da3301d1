// Checks what would be published: `publint` looks at each package as it is packed, `attw` at the types that its users
// get; then they are installed in empty folders, and used there. To be run after a build.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run, runScript, SetupError } from "./setup.mjs";

const quietly = { capture: true, quiet: true };

await runScript(async () => {
  const scratch = mkdtempSync(join(tmpdir(), "lcd-packages-"));
  try {
    /** Name of a package to its archive. */
    const packed = new Map();
    const failed = new Set();
    for (const folder of publishedPackages()) {
      const { name, exports } = manifest(folder);
      const file = await pack(folder, join(scratch, name));
      packed.set(name, file);
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
    await useLibraries(join(scratch, "with libraries"), packed);
    await useCommand(join(scratch, "with the command"), packed);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return 0;
});

/** Imports each library as somebody else would: from ES modules, from CommonJS and from TypeScript. */
async function useLibraries(folder, packed) {
  const names = publishedPackages()
    .map(manifest)
    .filter(({ exports }) => exports !== undefined)
    .map(({ name }) => name);
  const lines = (line) => names.map((name) => `${line(JSON.stringify(name))}\n`).join("");
  const imports = lines((name) => `import ${name};`);
  await useInstalled(folder, packed, names, {
    files: { "imports.js": imports, "imports.ts": imports, "imports.cjs": lines((name) => `require(${name});`) },
    steps: [
      [process.execPath, "imports.js"],
      [process.execPath, "imports.cjs"],
      ["tsc", ..."--noEmit --strict --module nodenext --target es2022 --typeRoots none imports.ts".split(" ")],
    ],
  });
  console.log(`installed in an empty folder, ${names.length} packages can be imported and required, and have types`);
}

/** Runs the command where nothing but itself and its dependencies is installed. */
async function useCommand(folder, packed) {
  const { dependencies } = manifest(join("apps", "cli"));
  await useInstalled(folder, packed, ["lcd-cli", ...Object.keys(dependencies)], {
    files: {},
    steps: [[process.execPath, join("node_modules", "lcd-cli", "bin", "lcd.cjs"), "run", "hello"]],
  });
  console.log("installed in an empty folder, lcd run hello works");
}

/** Installs packed packages in a new folder, with some files beside them, and runs commands there. */
async function useInstalled(folder, packed, names, { files, steps }) {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const install = ["npm", "install", "--no-audit", "--no-fund", ...names.map((name) => packed.get(name))];
  for (const [command, ...args] of [install, ...steps]) {
    const { code, output } = await run(command, args, { ...quietly, cwd: folder });
    if (code !== 0) {
      console.log(output);
      throw new SetupError(`installed in an empty folder, the packages do not work: ${command} ${args[0]} failed`);
    }
  }
}

/** Packs as the release does, into a new folder; gives the tarball. */
async function pack(folder, destination) {
  mkdirSync(destination);
  const { code } = await run("pnpm", ["--dir", folder, "pack", "--pack-destination", destination], quietly);
  const [made] = readdirSync(destination);
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
