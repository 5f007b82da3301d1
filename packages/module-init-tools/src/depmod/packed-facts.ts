import { modinfoEntries } from "elf-image";
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
  /** For each module its `.modinfo`. */
  readonly modinfo: readonly string[];
  /** Modules that could not be read, by their place. */
  readonly errors: ReadonlyMap<number, string>;
  /** Checksums, by the place of the module, where there are any. */
  readonly versions: ReadonlyMap<number, Pick<ModuleFacts, (typeof VERSIONS)[number]>>;
}

const LISTS = ["exports", "imports", "weakImports"] as const;
const VERSIONS = ["versions", "offeredVersions"] as const;

/** @param read by the place of the module among the paths */
export function packFacts(read: ReadonlyMap<number, FactsRead>): PackedFacts {
  const numberOf = new Map<string, number>();
  const numbers: number[] = [];
  const modinfo: string[] = [];
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
    modinfo.push(facts.modinfo.map(([key, value]) => `${key}=${value}`).join("\0"));
    if (error !== null) errors.set(place, error);
    if (VERSIONS.some((kind) => facts[kind].size > 0)) {
      versions.set(place, { versions: facts.versions, offeredVersions: facts.offeredVersions });
    }
  }
  return { names: [...numberOf.keys()], numbers: Int32Array.from(numbers), modinfo, errors, versions };
}

const NO_VERSIONS: Pick<ModuleFacts, (typeof VERSIONS)[number]> = { versions: new Map(), offeredVersions: new Map() };

/** The reverse of {@link packFacts}. */
export function unpackFacts({ names, numbers, modinfo, errors, versions }: PackedFacts): Map<number, FactsRead> {
  const read = new Map<number, FactsRead>();
  let at = 0;
  const number = () => numbers[at++] ?? 0;
  const list = () => Array.from({ length: number() }, () => names[number()] ?? "");
  for (const text of modinfo) {
    const place = number();
    const [exports, imports, weakImports] = [list(), list(), list()];
    const facts = {
      exports,
      imports,
      weakImports,
      modinfo: modinfoEntries(text),
      ...(versions.get(place) ?? NO_VERSIONS),
    };
    read.set(place, { facts, error: errors.get(place) ?? null });
  }
  return read;
}
