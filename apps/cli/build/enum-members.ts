import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const roots = ["apps/cli/src", "packages/lcd-arch-x86/src", "packages/lcd-domains/src"];

/**
 * The members of an enumeration of iced-x86 that the sources mention.
 *
 * @throws Error when a source uses the enumeration in a way that this cannot follow
 */
export function membersUsed(enumeration: string): ReadonlySet<string> {
  const used = new Set<string>();
  for (const file of roots.flatMap((root) => sourcesBelow(join(repository, root)))) {
    const source = readFileSync(file, "utf8");
    const imported = new RegExp(`import \\{[^}]*\\b${enumeration}\\b( as )?[^}]*\\} from "iced-x86"`).exec(source);
    if (imported === null) continue;
    const indirect = new RegExp(`\\b${enumeration}\\[[^\\]]|\\(${enumeration}\\)`).exec(source);
    if (imported[1] !== undefined || indirect !== null) {
      throw new Error(`${file} uses ${enumeration} of iced-x86 under another name, or not by its members`);
    }
    for (const [, member] of source.matchAll(new RegExp(`\\b${enumeration}\\.(\\w+)`, "g"))) used.add(member);
  }
  return used;
}

function sourcesBelow(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts") && !isForTests.test(name)).map((name) => join(directory, name));
}

/** Tests, and what only they use. */
const isForTests = /\.test\.ts$|(^|\/)test-[^/]*\.ts$/;
