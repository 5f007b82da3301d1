import { type OptionTable, parseOptions } from "../command/getopt";
import type { Log } from "../command/log";
import { FatalError, ToolError } from "../errors";

/** What a command line of depmod asks for. */
export interface DepmodOptions {
  readonly help: boolean;
  /** Write to standard output instead of files. */
  readonly dryRun: boolean;
  readonly base: string | null;
  /** Where the files go, when not into the tree itself. */
  readonly output: string | null;
  readonly version: boolean;
  readonly release: string | null;
  /** Files of modules to look at instead of the whole tree. */
  readonly modules: readonly string[];
  /** Do nothing unless a module is newer than `modules.dep`. */
  readonly quick: boolean;
  /** Files and directories to read instead of the usual places. */
  readonly config: readonly string[] | null;
  /** The kernel's `Module.symvers`. */
  readonly symvers: string | null;
  /** The character before every symbol in the `System.map`, or nothing. */
  readonly symbolPrefix: string;
  /** Report symbols that nobody offers. */
  readonly reportUnknown: boolean;
  /** The kernel's `System.map`. */
  readonly systemMap: string | null;
  /** Warn of keys that have the same value twice. */
  readonly warnDuplicates: boolean;
  /** Say of each module which others it needs, and for which symbol. */
  readonly verbose: boolean;
}

const TABLE: OptionTable = {
  short: "aAb:C:E:eF:hmno:P:qruVvw",
  last: "hV",
  long: {
    all: "a",
    quick: "A",
    basedir: "b",
    config: "C",
    symvers: "E",
    filesyms: "F",
    errsyms: "e",
    "unresolved-error": "u",
    quiet: "q",
    root: "r",
    verbose: "v",
    show: "n",
    "dry-run": "n",
    "symbol-prefix": "P",
    warn: "w",
    map: "m",
    version: "V",
    help: "h",
    outdir: "o",
  },
};

export const DEPMOD_USAGE = `Usage:
  lcd-depmod [options] [version] [/path/of/module.ko ...]

Finds out which modules need which and writes modules.dep, modules.alias, modules.softdep,
modules.symbols, modules.devname and their binary forms beside them, in lib/modules/<version>.

Options:
  -a, --all              All modules: this is what happens anyway
  -A, --quick            Only when a module is newer than modules.dep
  -b, --basedir=DIR      The directory that has lib/modules in it
  -o, --outdir=DIR       Write below DIR instead
  -C, --config=FILE      Read FILE, or the .conf files of a directory, instead of the usual places
  -e, --errsyms          Report symbols that neither a module nor the kernel has; needs -E or -F
  -E, --symvers=FILE     The kernel's Module.symvers
  -F, --filesyms=FILE    The kernel's System.map
  -P, --symbol-prefix=C  A character that stands before every symbol in the System.map
  -n, --dry-run, --show  Write to standard output instead
  -w, --warn             Warn of duplicates
  -v, --verbose          Say of each module which others it needs, and for which symbol
  -V, --version          Show which kmod this is compatible with
  -h, --help             Show this
`;

/** Options of old depmods, without effect. */
const DEPRECATED = ["m", "q", "r", "u"];

/** `6.1.0-56-amd64`. */
const VERSION = /^[ \t-\r]*[+-]?\d+\.[ \t-\r]*[+-]?\d+/;

/** @throws UsageError; ToolError for a version that is none; FatalError for a prefix that is no character */
export function parseDepmodOptions(args: readonly string[], log: Log): DepmodOptions {
  const { options, words } = parseOptions(args, TABLE, ([letter, value], written) => {
    if (DEPRECATED.includes(letter)) log.warning(`Ignored deprecated option ${written}`);
    if (letter === "P" && value.length !== 1) throw new FatalError("-P only takes a single char");
  });
  const has = (letter: string) => options.some(([given]) => given === letter);
  const last = (letter: string) => options.filter(([given]) => given === letter).at(-1)?.[1] ?? null;
  const [release = null, ...modules] = words;
  const isShown = has("h") || has("V");
  if (release !== null && !isShown && !VERSION.test(release)) throw new ToolError(`Bad version passed ${release}`);
  const config = options.filter(([given]) => given === "C").map(([, path]) => path);
  return {
    help: has("h"),
    dryRun: has("n"),
    base: last("b"),
    output: last("o"),
    version: has("V"),
    release,
    modules: has("a") || has("A") ? [] : modules,
    quick: has("A"),
    config: config.length > 0 ? config : null,
    symvers: last("E"),
    symbolPrefix: last("P") ?? "",
    reportUnknown: has("e"),
    systemMap: last("F"),
    warnDuplicates: has("w"),
    verbose: has("v"),
  };
}
