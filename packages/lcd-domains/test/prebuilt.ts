import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ModuleSet } from "../src/testing";

const folder = new URL("../../liblcd/prebuilt/", import.meta.url);

/** The bytes of a module that liblcd brings, an example or a test module, by its name. */
export function prebuilt(name: string): Uint8Array {
  const image = prebuiltModules().image(name);
  if (image === undefined) throw new Error(`liblcd has no prebuilt module ${name}`);
  return image;
}

/** liblcd's prebuilt modules; each file is read once. */
export function prebuiltModules(): ModuleSet {
  const images = new Map<string, Uint8Array | undefined>();
  return {
    image: (name) => {
      if (!images.has(name)) images.set(name, readModule(name));
      return images.get(name);
    },
    needs: (name) => (name === "asker" ? ["answer"] : []),
  };
}

function readModule(name: string): Uint8Array | undefined {
  const file = `${name.replaceAll("_", "-")}.ko`;
  for (const path of [file, `test-modules/${file}`]) {
    const found = fileURLToPath(new URL(path, folder));
    if (existsSync(found)) return new Uint8Array(readFileSync(found));
  }
  return undefined;
}
