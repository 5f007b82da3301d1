// Tries the example in a real browser, as somebody who installs the package would: packs it, installs it in an empty
// folder, bundles the example with esbuild and with Vite, and has a headless Chromium boot guest programs, in a worker and
// in the page itself. To be run after a build; skips where there is no Chromium (CHROMIUM names another one).
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlers, installExample, packageFolder } from "./install.mjs";
import { visit } from "./visit.mjs";

const guests = ["smp", "exceptions-64", "timer-apic"];

const guest = (name, folder, extension) => join(packageFolder, "guests", folder, `${name}.${extension}`);

process.exitCode = await main();

async function main() {
  const browser = [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"].find(
    (name) => name && spawnSync(name, ["--version"]).status === 0,
  );
  if (browser === undefined) {
    console.log("There is no Chromium here: the example is not tried in a browser (Debian: apt-get install chromium)");
    return 0;
  }
  if (!existsSync(join(packageFolder, "dist/machine.js"))) {
    console.log("The package is not built yet: npm start in the repository builds it");
    return 1;
  }
  const scratch = mkdtempSync(join(tmpdir(), "lcd-browser-"));
  try {
    return (await tryBundlers(browser, scratch)) ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Whether all is as on QEMU. Says so for each bundler, guest program and place. */
async function tryBundlers(browser, scratch) {
  const user = installExample(scratch);
  let right = true;
  for (const { bundler, bundle } of bundlers) {
    const kernels = Object.fromEntries(guests.map((name) => [name, guest(name, "prebuilt", "elf")]));
    const runs = await visit(bundle(user), { browser, kernels, profile: join(scratch, `profile-${bundler}`) });
    for (const { name, place, printed, end } of runs) {
      const same = printed === readFileSync(guest(name, "expected", "txt"), "latin1") && end === "ended: exit 1";
      console.log(`${bundler}, ${name} in the ${place}: ${same ? "as on QEMU" : `${end}; it has printed\n${printed}`}`);
      right &&= same;
    }
    right &&= runs.length === 2 * guests.length;
  }
  return right;
}
