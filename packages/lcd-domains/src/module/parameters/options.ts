/** One word of a module's options: `name`, or `name=value`. */
export interface Option {
  readonly name: string;
  /** `null` when there is no `=`. */
  readonly value: string | null;
}

/**
 * Splits options as the kernel does: at white space that is not inside double quotes. Quotes around a value, or around
 * a whole word, do not belong to it; after a word `--` comes what is not for the module.
 */
export function parseOptions(text: string): Option[] {
  const options: Option[] = [];
  for (const word of wordsOutsideQuotes(text)) {
    if (word === "--") break;
    const whole = unquote(word);
    const equals = whole.indexOf("=");
    if (equals < 0) options.push({ name: whole, value: null });
    else options.push({ name: whole.slice(0, equals), value: unquote(whole.slice(equals + 1)) });
  }
  return options;
}

/** What stands between blanks that are not between quotes. */
function* wordsOutsideQuotes(text: string): Iterable<string> {
  let [start, quoted] = [0, false];
  for (const { 0: character, index } of text.matchAll(/[\s"]|$/g)) {
    if (character === '"') quoted = !quoted;
    else if (!quoted || index === text.length) {
      if (index > start) yield text.slice(start, index);
      start = index + 1;
    }
  }
}

function unquote(word: string): string {
  if (!word.startsWith('"')) return word;
  return word.length > 1 && word.endsWith('"') ? word.slice(1, -1) : word.slice(1);
}
