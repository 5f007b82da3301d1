/** Longer patterns are none that a person writes. */
const LONGEST_PATTERN = 1000;
/** POSIX: RE_DUP_MAX. */
const MOST_REPETITIONS = 0x7fff;

/**
 * Whether an extended regular expression of POSIX (1003.1, 9.4) is found in a text, in a time that grows with the
 * product of both, not exponentially as with `RegExp`: from a set of places in the text each part leads to another set.
 *
 * @returns null when it is no such expression, has parts of another (references to groups), or is longer than 1000
 */
export function findsExtendedRegex(pattern: string, text: string): boolean | null {
  if (pattern.length > LONGEST_PATTERN) return null;
  const parser = new Parser(pattern, text);
  const match = parser.alternatives(false);
  if (match === null || !parser.isAtEnd) return null;
  return match(new Set(Array.from({ length: text.length + 1 }, (_, at) => at))).size > 0;
}

type Places = ReadonlySet<number>;
/** From where a part may begin to where it may end. */
type Match = (from: Places) => Places;
type Test = (character: string) => boolean;

class Parser {
  #at = 0;

  constructor(
    private readonly pattern: string,
    private readonly text: string,
  ) {}

  get isAtEnd(): boolean {
    return this.#at === this.pattern.length;
  }

  /** `a|b|c`, up to the bracket that closes a group. */
  alternatives(inGroup: boolean): Match | null {
    const all: Match[] = [];
    do {
      const one = this.#sequence(inGroup);
      if (one === null) return null;
      all.push(one);
    } while (this.#take("|"));
    return (from) => new Set(all.flatMap((match) => [...match(from)]));
  }

  #sequence(inGroup: boolean): Match | null {
    const parts: Match[] = [];
    while (!this.isAtEnd && !this.#sees("|") && !(inGroup && this.#sees(")"))) {
      const isAnchor = this.#sees("^") || this.#sees("$");
      let part = this.#part();
      for (let count = this.#repetition(); part !== null && count !== undefined; count = this.#repetition()) {
        part = count === null || isAnchor ? null : repeated(part, count);
      }
      if (part === null) return null;
      parts.push(part);
    }
    return (from) => parts.reduce((places, match) => match(places), from);
  }

  #part(): Match | null {
    const character = this.pattern.charAt(this.#at++);
    if (character === "(") {
      const inside = this.alternatives(true);
      return this.#take(")") ? inside : null;
    }
    if (character === "^") return (from) => new Set([...from].filter((at) => at === 0));
    if (character === "$") return (from) => new Set([...from].filter((at) => at === this.text.length));
    const test = this.#characterTest(character);
    if (test === null) return null;
    return (from) => new Set([...from].flatMap((at) => (test(this.text.charAt(at)) ? at + 1 : [])));
  }

  #characterTest(character: string): Test | null {
    if (character === ".") return (other) => other !== "";
    if (character === "[") return this.#bracket();
    if ("*+?{".includes(character)) return null;
    if (character !== "\\") return (other) => other === character;
    const escaped = this.pattern.charAt(this.#at++);
    return escaped === "" || /[\w<>`']/.test(escaped) ? null : (other) => other === escaped;
  }

  /** `[^a-z[:digit:]]`; a bracket that comes first is one of the characters. */
  #bracket(): Test | null {
    const [all, negated, inside = ""] =
      /^(\^?)((?:\]|(?!\]))(?:\[:[a-z]+:\]|\[(?![.=:])|[^\][])*)\]/.exec(this.pattern.slice(this.#at)) ?? [];
    if (all === undefined) return null;
    this.#at += all.length;
    const tests: Test[] = [];
    for (const [item, name, from, to] of inside.matchAll(/\[:([a-z]+):\]|([\s\S])-([\s\S])|[\s\S]/g)) {
      const named = name === undefined ? undefined : CLASSES[name];
      if (name !== undefined && named === undefined) return null;
      if (named !== undefined) tests.push((other) => named.test(other));
      else if (from === undefined || to === undefined) tests.push((other) => other === item);
      else if (from > to) return null;
      else tests.push((other) => other >= from && other <= to);
    }
    return (other) => other !== "" && tests.some((test) => test(other)) !== (negated === "^");
  }

  /** `*`, `+`, `?`, `{2}`, `{2,}`, `{2,4}`; undefined when there is none, null for one that makes no sense. */
  #repetition(): Count | null | undefined {
    for (const [sign, count] of SIGNS) if (this.#take(sign)) return count;
    if (!this.#sees("{")) return undefined;
    const [all, least, comma, most] = /^\{(\d*)(,?)(\d*)\}/.exec(this.pattern.slice(this.#at)) ?? [];
    if (all === undefined || (least === "" && comma === "")) return null;
    this.#at += all.length;
    const from = Number(least);
    const to = comma === "" ? from : most === "" ? Number.POSITIVE_INFINITY : Number(most);
    const tooMany = from > MOST_REPETITIONS || (to > MOST_REPETITIONS && most !== "");
    return tooMany || from > to ? null : [from, to];
  }

  #sees(character: string): boolean {
    return this.pattern.charAt(this.#at) === character;
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false;
    this.#at++;
    return true;
  }
}

type Count = readonly [least: number, most: number];

const SIGNS: readonly (readonly [sign: string, count: Count])[] = [
  ["*", [0, Number.POSITIVE_INFINITY]],
  ["+", [1, Number.POSITIVE_INFINITY]],
  ["?", [0, 1]],
];

/** In the C locale (1003.1, 7.3.1). */
const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t-\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** A part again and again: no more than once for each place, as it leads to new ones or nowhere. */
function repeated(match: Match, [least, most]: Count): Match {
  return (from) => {
    let places = from;
    let count = 0;
    for (let before: Places | null = null; count < least && !isSame(places, before); count++) {
      before = places;
      places = match(places);
    }
    const found = new Set(places);
    for (count = least; count < most && places.size > 0; count++) {
      places = new Set([...match(places)].filter((at) => !found.has(at)));
      for (const at of places) found.add(at);
    }
    return found;
  };
}

function isSame(a: Places, b: Places | null): boolean {
  return b !== null && a.size === b.size && [...a].every((at) => b.has(at));
}
