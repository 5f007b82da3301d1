import { type OptionTable, parseOptions } from "../command/getopt";
import type { LogLevel } from "../command/log";

/** What a command line of depmod asks for. */
export interface DepmodOptions {
  readonly help: boolean;
  /** Write to standard output instead of files. */
  readonly dryRun: boolean;
  readonly base: string | null;
  /** Where the files go, when not into the tree itself. */
  readonly output: string | null;
  readonly release: string | null;
  /** Words after the version: depmod has no use for them. */
  readonly excess: readonly string[];
  /** Report symbols that nobody offers. */
  readonly reportUnknown: boolean;
  /** The kernel's `System.map`. */
  readonly systemMap: string | null;
  /** Warn of keys that have the same value twice. */
  readonly warnDuplicates: boolean;
  readonly logLevel: LogLevel;
}

const TABLE: OptionTable = {
  short: "ab:eF:hno:qvw",
  long: {
    all: "a",
    basedir: "b",
    errsyms: "e",
    filesyms: "F",
    help: "h",
    "dry-run": "n",
    show: "n",
    outdir: "o",
    quiet: "q",
    verbose: "v",
    warn: "w",
  },
};

export const DEPMOD_USAGE = `Usage:
  lcd-depmod [options] [version]

Finds out which modules need which and writes modules.dep, modules.alias, modules.softdep
and modules.symbols beside them, in lib/modules/<version>.

Options:
  -a, --all              All modules: this is what happens anyway
  -b, --basedir=DIR      The directory that has lib/modules in it
  -o, --outdir=DIR       Write below DIR instead
  -e, --errsyms          Report symbols that neither a module nor the kernel has; needs -F
  -F, --filesyms=FILE    The kernel's System.map
  -n, --dry-run, --show  Write to standard output instead
  -w, --warn             Warn of duplicates
  -q, --quiet            Say nothing but what stops the work
  -v, --verbose          Say more
  -h, --help             Show this
`;

/** @throws UsageError */
export function parseDepmodOptions(args: readonly string[]): DepmodOptions {
  const { options, words } = parseOptions(args, TABLE);
  const has = (letter: string) => options.some(([given]) => given === letter);
  const last = (letter: string) => options.filter(([given]) => given === letter).at(-1)?.[1] ?? null;
  const [release, ...excess] = words;
  return {
    help: has("h"),
    dryRun: has("n"),
    base: last("b"),
    output: last("o"),
    release: release ?? null,
    excess,
    reportUnknown: has("e"),
    systemMap: last("F"),
    warnDuplicates: has("w"),
    logLevel: has("q") ? "error" : has("v") ? "debug" : "warning",
  };
}
