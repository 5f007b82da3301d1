import { madeOnce } from "./made-once";
import { wildcardMatch } from "./wildcard";

/** Something with a wildcard that says for which texts it is. */
export interface Patterned {
  readonly pattern: string;
}

/**
 * The things whose patterns match a text, in their order. A list is sorted when it is first asked: lists come from
 * files, so both they and the number of questions may be large.
 */
export function matching<T extends Patterned>(things: readonly T[], text: string): T[] {
  return indexOf(things)
    .matching(text)
    .flatMap((place) => things[place] ?? []);
}

/** The first thing whose pattern matches a text. */
export function firstMatching<T extends Patterned>(things: readonly T[], text: string): T | undefined {
  return things[indexOf(things).firstMatching(text) ?? -1];
}

/** The first thing whose pattern is this one, letter by letter. */
export function havingPattern<T extends Patterned>(things: readonly T[], pattern: string): T | undefined {
  return things[indexOf(things).havingPattern(pattern)[0] ?? -1];
}

const indexOf = madeOnce((things: readonly Patterned[]) => new PatternIndex(things));

/** What a wildcard's special parts begin with. */
const SPECIAL = /[*?[\\]/;

/** Patterns by what a text must begin with to match them. */
class PatternIndex {
  readonly #byPattern = new Map<string, number[]>();
  /** Those that have something special, by what stands before it. */
  readonly #byStart = new Map<string, number[]>();
  /** Of the keys of the latter, in ascending order. */
  readonly #lengths: readonly number[];

  constructor(private readonly things: readonly Patterned[]) {
    for (const [place, { pattern }] of things.entries()) {
      addTo(this.#byPattern, pattern, place);
      const special = pattern.search(SPECIAL);
      if (special >= 0) addTo(this.#byStart, pattern.slice(0, special), place);
    }
    this.#lengths = [...new Set([...this.#byStart.keys()].map(({ length }) => length))].sort((a, b) => a - b);
  }

  havingPattern(pattern: string): readonly number[] {
    return this.#byPattern.get(pattern) ?? [];
  }

  matching(text: string): number[] {
    const places: number[] = [];
    for (const some of this.#candidates(text)) {
      for (const place of some) if (this.#matches(place, text)) places.push(place);
    }
    return places.sort((a, b) => a - b);
  }

  firstMatching(text: string): number | undefined {
    let first: number | undefined;
    for (const some of this.#candidates(text)) {
      const place = some.find((candidate) => this.#matches(candidate, text));
      if (place !== undefined && (first === undefined || place < first)) first = place;
    }
    return first;
  }

  /** Lists in ascending order, each place in one of them. */
  *#candidates(text: string): Iterable<readonly number[]> {
    // A pattern that is the text, and has something special, is among the others.
    if (!SPECIAL.test(text)) yield this.havingPattern(text);
    for (const length of this.#lengths) {
      if (length > text.length) return;
      yield this.#byStart.get(text.slice(0, length)) ?? [];
    }
  }

  #matches(place: number, text: string): boolean {
    return wildcardMatch(this.things[place]?.pattern ?? "", text);
  }
}

function addTo(map: Map<string, number[]>, key: string, place: number): void {
  const places = map.get(key);
  if (places === undefined) map.set(key, [place]);
  else places.push(place);
}
