import { type OptionTable, parseOptions } from "../command/getopt";

/** What a command line of modinfo asks for. */
export interface ModinfoOptions {
  readonly words: readonly string[];
  readonly help: boolean;
  readonly version: boolean;
  readonly field: string | null;
  readonly separator: "\n" | "\0";
  /** Words are names of modules: neither aliases nor files. */
  readonly namesOnly: boolean;
  readonly root: string | null;
  readonly release: string | null;
}

const TABLE: OptionTable = {
  short: "adlpn0mF:k:b:Vh",
  last: "hV",
  long: {
    author: "a",
    description: "d",
    license: "l",
    parameters: "p",
    filename: "n",
    null: "0",
    modname: "m",
    field: "F",
    "set-version": "k",
    basedir: "b",
    version: "V",
    help: "h",
  },
};

/** Letters that stand for `-F` with a field. */
const FIELD_LETTERS: Readonly<Record<string, string>> = {
  a: "author",
  d: "description",
  l: "license",
  p: "parm",
  n: "filename",
};

export const MODINFO_USAGE = `Usage:
  lcd-modinfo [options] modulename|alias|filename ...

Explains modules: what they are for, what they need, their parameters, who signed them.

Options:
  -a, --author               Only the author
  -d, --description          Only the description
  -l, --license              Only the license
  -p, --parameters           Only the parameters
  -n, --filename             Only where the module is
  -F, --field=FIELD          Only this field
  -0, --null                 End each value with NUL instead of a new line
  -m, --modname              The words are names of modules, not aliases or files
  -b, --basedir=DIR          The directory that has lib/modules in it
  -k, --set-version=VERSION  Use VERSION instead of the running kernel's
  -V, --version              Show which kmod this is compatible with
  -h, --help                 Show this
`;

/** @throws UsageError */
export function parseModinfoOptions(args: readonly string[]): ModinfoOptions {
  const { options, words } = parseOptions(args, TABLE);
  const has = (letter: string) => options.some(([given]) => given === letter);
  const last = (letter: string) => options.filter(([given]) => given === letter).at(-1)?.[1] ?? null;
  const fields = options.flatMap(([letter, value]) => (letter === "F" ? [value] : (FIELD_LETTERS[letter] ?? [])));
  return {
    words,
    help: has("h"),
    version: has("V"),
    field: fields.at(-1) ?? null,
    separator: has("0") ? "\0" : "\n",
    namesOnly: has("m"),
    root: last("b"),
    release: last("k"),
  };
}
