import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("..", import.meta.url));

/**
 * The members of an enumeration of iced-x86 that sources mention.
 *
 * @param roots folders of the repository
 * @throws Error when a source uses the enumeration in a way that this cannot follow
 */
export function membersUsed(enumeration: string, roots: readonly string[]): ReadonlySet<string> {
  const used = new Set<string>();
  for (const [file, source] of sourcesThatImport([enumeration], roots)) {
    const indirect = new RegExp(`\\b${enumeration}(\\[[^\\]]| as \\w)|\\(${enumeration}\\)`).exec(source);
    if (indirect !== null) {
      throw new Error(`${file} uses ${enumeration} of iced-x86 under another name, or not by its members`);
    }
    for (const [, member] of source.matchAll(new RegExp(`\\b${enumeration}\\.(\\w+)`, "g"))) used.add(member);
  }
  return used;
}

/**
 * All names in sources that import one of these classes of iced-x86: the methods that they call are among them.
 *
 * @param roots folders of the repository
 */
export function namesNear(classes: readonly string[], roots: readonly string[]): ReadonlySet<string> {
  const sources = sourcesThatImport(classes, roots).map(([, source]) => source);
  return new Set(sources.flatMap((source) => source.match(/\b[A-Za-z_]\w*\b/g) ?? []));
}

/** Paths and contents of sources that import one of these names from iced-x86. */
function sourcesThatImport(names: readonly string[], roots: readonly string[]): (readonly [string, string])[] {
  const imports = new RegExp(`import (type )?\\{[^}]*\\b(${names.join("|")})\\b[^}]*\\} from "iced-x86"`);
  return roots
    .flatMap((root) => sourcesBelow(join(repository, root)))
    .map((file) => [file, readFileSync(file, "utf8")] as const)
    .filter(([, source]) => imports.test(source));
}

function sourcesBelow(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts") && !isForTests.test(name)).map((name) => join(directory, name));
}

/** Tests, and what only they use. */
const isForTests = /\.test\.ts$|(^|\/)test-[^/]*\.ts$/;
