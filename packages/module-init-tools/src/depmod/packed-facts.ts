import type { ModuleFacts } from "./module-facts";
import type { FactsRead } from "./read-facts";

/**
 * What one processor has read for another one, so that it is quickly sent: names once, and numbers for them. Most
 * modules use the same symbols.
 */
export interface PackedFacts {
  readonly names: readonly string[];
  /** For each module its place among the paths, and {@link LISTS} lists: how many names, and their numbers. */
  readonly numbers: Int32Array<ArrayBuffer>;
  /** For each module {@link TEXTS} texts, each value with a NUL behind it. */
  readonly texts: readonly string[];
  /** Modules that could not be read, by their place. */
  readonly errors: ReadonlyMap<number, string>;
  /** Checksums, by the place of the module, where there are any. */
  readonly versions: ReadonlyMap<number, Pick<ModuleFacts, (typeof VERSIONS)[number]>>;
}

const LISTS = ["exports", "imports", "weakImports"] as const;
const TEXTS = ["aliases", "softDependencies"] as const;
const VERSIONS = ["versions", "offeredVersions"] as const;

/** @param read by the place of the module among the paths */
export function packFacts(read: ReadonlyMap<number, FactsRead>): PackedFacts {
  const numberOf = new Map<string, number>();
  const numbers: number[] = [];
  const texts: string[] = [];
  const errors = new Map<number, string>();
  const versions = new Map<number, Pick<ModuleFacts, (typeof VERSIONS)[number]>>();
  const addName = (name: string) => {
    const number = numberOf.get(name) ?? numberOf.size;
    numberOf.set(name, number);
    numbers.push(number);
  };
  for (const [place, { facts, error }] of read) {
    numbers.push(place);
    for (const list of LISTS) {
      numbers.push(facts[list].length);
      for (const name of facts[list]) addName(name);
    }
    for (const kind of TEXTS) texts.push(facts[kind].map((value) => `${value}\0`).join(""));
    if (error !== null) errors.set(place, error);
    if (VERSIONS.some((kind) => facts[kind].size > 0)) {
      versions.set(place, { versions: facts.versions, offeredVersions: facts.offeredVersions });
    }
  }
  return { names: [...numberOf.keys()], numbers: Int32Array.from(numbers), texts, errors, versions };
}

const NO_VERSIONS: Pick<ModuleFacts, (typeof VERSIONS)[number]> = { versions: new Map(), offeredVersions: new Map() };

/** The reverse of {@link packFacts}. */
export function unpackFacts({ names, numbers, texts, errors, versions }: PackedFacts): Map<number, FactsRead> {
  const read = new Map<number, FactsRead>();
  let at = 0;
  const number = () => numbers[at++] ?? 0;
  const list = () => Array.from({ length: number() }, () => names[number()] ?? "");
  for (let text = 0; text < texts.length; text += TEXTS.length) {
    const place = number();
    const [exports, imports, weakImports] = [list(), list(), list()];
    const [aliases, softDependencies] = [valuesOf(texts[text]), valuesOf(texts[text + 1])];
    const facts = {
      exports,
      imports,
      weakImports,
      aliases,
      softDependencies,
      ...(versions.get(place) ?? NO_VERSIONS),
    };
    read.set(place, { facts, error: errors.get(place) ?? null });
  }
  return read;
}

function valuesOf(text = ""): string[] {
  return text.split("\0").slice(0, -1);
}
