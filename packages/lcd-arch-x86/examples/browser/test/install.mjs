import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const example = fileURLToPath(new URL("..", import.meta.url));
export const packageFolder = join(example, "../..");

/** Where the programs of the repository's packages are. */
const programs = [packageFolder, join(packageFolder, "../..")].map((folder) => join(folder, "node_modules/.bin"));

/** Installs the package, as it would be published, in an empty folder, and puts the example there. Gives the folder. */
export function installExample(scratch) {
  const packed = join(scratch, "packed");
  const user = join(scratch, "user");
  for (const folder of [packed, user]) mkdirSync(folder);
  for (const folder of [packageFolder, join(packageFolder, "../elf-image")]) {
    run("pnpm", ["--dir", folder, "pack", "--pack-destination", packed], packed);
  }
  writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  const files = readdirSync(packed).map((file) => join(packed, file));
  run("npm", ["install", "--no-audit", "--no-fund", ...files], user);
  for (const file of ["index.html", "page.js", "worker.js", "run-kernel.js"]) {
    cpSync(join(example, file), join(user, file));
  }
  return user;
}

const readme = readFileSync(join(packageFolder, "README.md"), "utf8");

/** Folders in which the bundlers leave the site. */
const sites = { esbuild: "site", vite: "dist" };

/** Bundles the example with the command that the README gives for each bundler. Gives the folder with the site. */
export const bundlers = Object.entries(sites).map(([bundler, site]) => ({
  bundler,
  bundle: (user) => {
    const [, command] = new RegExp(`^ {4}npx (${bundler} .*)$`, "m").exec(readme);
    run("sh", ["-ec", command], user);
    return join(user, site);
  },
}));

/** @throws Error with what the program has said, when it fails */
function run(command, args, cwd) {
  const env = { ...process.env, PATH: [...programs, process.env.PATH].join(":") };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? `${stdout}${stderr}`}`);
}
