import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * The licenses of packages whose code is bundled: they ask to be told along with it. The file that has them may not be
 * called a license: a package with such a file is packed without our own.
 *
 * @param dependents folders of the repository, of packages that depend on them
 */
export function licenses(packages: readonly string[], dependents: readonly string[]): string {
  return packages
    .map((name) => `${name}\n\n${licenseOf(directoryOf(name, dependents))}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function licenseOf(directory: string): string {
  const file = ["LICENSE", "LICENSE.txt"].map((name) => join(directory, name)).find((path) => existsSync(path));
  if (file !== undefined) return readFileSync(file, "utf8").trim();
  const { license, author } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  return `License: ${license}. Author: ${typeof author === "string" ? author : author?.name}`;
}

function directoryOf(name: string, dependents: readonly string[]): string {
  for (const dependent of dependents) {
    const { resolve } = createRequire(new URL(`../${dependent}/package.json`, import.meta.url));
    try {
      return packageRoot(resolve(name));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND")) throw error;
    }
  }
  throw new Error(`${name} is not installed`);
}

function packageRoot(file: string): string {
  const directory = dirname(file);
  return existsSync(join(directory, "LICENSE")) || hasName(directory) ? directory : packageRoot(directory);
}

function hasName(directory: string): boolean {
  const file = join(directory, "package.json");
  return existsSync(file) && "name" in JSON.parse(readFileSync(file, "utf8"));
}
