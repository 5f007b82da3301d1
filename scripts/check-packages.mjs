// Checks what would be published: `publint` looks at each package as it is packed, `attw` at the types that its users
// get. To be run after a build.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run, runScript, SetupError } from "./setup.mjs";

await runScript(async () => {
  const packed = mkdtempSync(join(tmpdir(), "lcd-packages-"));
  const failed = [];
  try {
    for (const folder of publishedPackages()) {
      const { name, exports } = manifest(folder);
      const file = await pack(folder, packed);
      const checks = [["publint", "run", file, "--strict"]];
      if (exports !== undefined) checks.push(["attw", file, "--profile", "esm-only", "--format", "ascii"]);
      for (const [command, ...args] of checks) {
        const { code, output } = await run(command, args, { capture: true, quiet: true });
        console.log(`${name}: ${command} ${code === 0 ? "found nothing wrong" : `says\n${output}`}`);
        if (code !== 0) failed.push(name);
      }
    }
  } finally {
    rmSync(packed, { recursive: true });
  }
  if (failed.length > 0)
    throw new SetupError(`these packages are not fit to be published: ${[...new Set(failed)].join(", ")}`);
  return 0;
});

/** Packs as the release does; gives the tarball. */
async function pack(folder, destination) {
  const before = new Set(readdirSync(destination));
  const { code } = await run("pnpm", ["--dir", folder, "pack", "--pack-destination", destination], {
    capture: true,
    quiet: true,
  });
  const [made] = readdirSync(destination).filter((file) => !before.has(file));
  if (code !== 0 || made === undefined) throw new SetupError(`pnpm pack failed in ${folder}`);
  return join(destination, made);
}

function publishedPackages() {
  return ["packages", "apps"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)))
    .filter((folder) => manifest(folder).private !== true);
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
}
