/**
 * Command lines the way the C library's getopt_long reads them, because that is what scripts written for kmod rely on:
 * grouped letters (`-nv`), values in the same word or the next (`-d/x`, `-d /x`), long options with `=`, their
 * unambiguous beginnings, options after words, and `--`.
 */

export interface OptionTable {
  /** Letters; a colon after one means that it takes a value: `"nvd:S:"`. */
  readonly short: string;
  /** Long names and the letter each stands for. */
  readonly long: Readonly<Record<string, string>>;
  /** Letters of options after which nothing is read any more, as after `-h`: what comes then may be nonsense. */
  readonly last: string;
}

export interface ParsedOptions {
  /** Letters with their values (empty when the option takes none), in the order given. */
  readonly options: readonly (readonly [letter: string, value: string])[];
  /** Everything else, in the order given. */
  readonly words: readonly string[];
}

/** A command line that cannot be understood; the message is getopt's, without the program's name. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An option with its value. */
type Option = readonly [letter: string, value: string];

/**
 * @param hear is told of each option as it is read, also when a later one cannot be understood; `written` is its name
 *   as it was given, in full: `-q` or `--quiet`. What it throws ends the reading
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], table: OptionTable, hear: AddOption = () => {}): ParsedOptions {
  const options: Option[] = [];
  const words: string[] = [];
  const rest = [...args];
  const add = (option: Option, written: string) => {
    options.push(option);
    hear(option, written);
  };
  const isOver = () => table.last.includes(options.at(-1)?.[0] ?? " ");
  for (let word = rest.shift(); word !== undefined && !isOver(); word = rest.shift()) {
    if (word === "--") {
      for (const left of rest) words.push(left);
      break;
    }
    if (word.startsWith("--")) longOption(word.slice(2), rest, table, add);
    else if (word.startsWith("-") && word.length > 1) shortOptions(word.slice(1), rest, table, add);
    else words.push(word);
  }
  return { options, words };
}

type AddOption = (option: Option, written: string) => void;

function longOption(word: string, rest: string[], table: OptionTable, add: AddOption): void {
  const [, typed = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const [name, letter] = findLong(typed, word, table);
  if (!takesValue(letter, table)) {
    if (value !== undefined) throw new UsageError(`option '--${name}' doesn't allow an argument`);
    add([letter, ""], `--${name}`);
    return;
  }
  const argument = value ?? rest.shift();
  if (argument === undefined) throw new UsageError(`option '--${name}' requires an argument`);
  add([letter, argument], `--${name}`);
}

function findLong(typed: string, word: string, { long }: OptionTable): readonly [name: string, letter: string] {
  const exact = long[typed];
  if (exact !== undefined && Object.hasOwn(long, typed)) return [typed, exact];
  const matches = Object.entries(long).filter(([name]) => name.startsWith(typed));
  const [first] = matches;
  if (first === undefined) throw new UsageError(`unrecognized option '--${word}'`);
  if (matches.some(([, letter]) => letter !== first[1])) {
    const names = matches.map(([name]) => `'--${name}'`).join(" ");
    throw new UsageError(`option '--${word}' is ambiguous; possibilities: ${names}`);
  }
  return first;
}

function shortOptions(letters: string, rest: string[], table: OptionTable, add: AddOption): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters.charAt(i);
    if (letter === ":" || !table.short.includes(letter)) throw new UsageError(`invalid option -- '${letter}'`);
    if (!takesValue(letter, table)) {
      add([letter, ""], `-${letter}`);
      if (table.last.includes(letter)) return;
      continue;
    }
    const value = letters.slice(i + 1) || rest.shift();
    if (value === undefined) throw new UsageError(`option requires an argument -- '${letter}'`);
    add([letter, value], `-${letter}`);
    return;
  }
}

function takesValue(letter: string, { short }: OptionTable): boolean {
  return short.charAt(short.indexOf(letter) + 1) === ":";
}
