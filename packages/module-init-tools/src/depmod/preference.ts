import type { DepmodConfig } from "../config/depmod-config";

/** Which of several files of one module counts (depmod.d(5)). Configurations may be long, and so may lists of files. */
export class Preference {
  /** Paths without endings, and their places in the configuration: the first counts. */
  readonly #overrides: ReadonlyMap<string, number>;
  /** Directories below the tree, and their places in the search list. */
  readonly #search: ReadonlyMap<string, number>;
  readonly #external: ReadonlySet<string>;
  /** Where the search list says `external` and, or behind all of it, `built-in`. */
  readonly #externalPlace: number;
  readonly #builtinPlace: number;

  /** @param locate gives the whole path of a path below the tree */
  constructor(
    { overrides, search, external }: DepmodConfig,
    private readonly locate: (path: string) => string,
  ) {
    this.#overrides = firstPlaces(overrides);
    const places = firstPlaces(search);
    this.#externalPlace = places.get("external") ?? Number.POSITIVE_INFINITY;
    this.#builtinPlace = places.get("built-in") ?? search.length;
    places.delete("external");
    places.delete("built-in");
    this.#search = places;
    this.#external = new Set(external);
  }

  /** Whether a file is better than the one of the same name that is known so far. */
  isBetter(path: string, known: string): boolean {
    const [override, knownOverride] = [this.#overridePlace(path), this.#overridePlace(known)];
    if (override !== knownOverride) return override < knownOverride;
    if (override !== Number.POSITIVE_INFINITY) return true;
    const place = this.#searchPlace(path);
    const rank = place ?? this.#builtinPlace;
    const knownRank = this.#searchPlace(known) ?? this.#builtinPlace;
    // Of equals the last one that is met counts in directories of the search list, elsewhere the first.
    return rank === knownRank ? place !== null : rank < knownRank;
  }

  #overridePlace(path: string): number {
    return this.#overrides.get(path.replace(/\.ko(?:\.[^./]+)?$/, "")) ?? Number.POSITIVE_INFINITY;
  }

  /** The place in the search list, best first; null for what is in none of its directories. */
  #searchPlace(path: string): number | null {
    let best = Number.POSITIVE_INFINITY;
    for (const directory of directoriesOf(path)) best = Math.min(best, this.#search.get(directory) ?? best);
    if (this.#externalPlace < best && directoriesOf(this.locate(path)).some((outside) => this.#external.has(outside)))
      best = this.#externalPlace;
    return best === Number.POSITIVE_INFINITY ? null : best;
  }
}

/** The directories on the way to a file: `a` and `a/b` for `a/b/c.ko`. */
function directoriesOf(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));
}

function firstPlaces(names: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, name] of names.entries()) if (!places.has(name)) places.set(name, place);
  return places;
}
