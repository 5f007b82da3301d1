import { type OptionTable, parseOptions } from "../command/getopt";
import type { LogLevel } from "../command/log";

/** What a command line of modprobe asks for. */
export interface ModprobeOptions {
  readonly words: readonly string[];
  /** Every word is a module; otherwise the first is, and the others are its parameters. */
  readonly all: boolean;
  readonly help: boolean;
  readonly dryRun: boolean;
  /** Print what is done for each module. */
  readonly show: boolean;
  /** Leave out what is blacklisted and was asked for by an alias. */
  readonly useBlacklist: boolean;
  readonly ignoreInstall: boolean;
  readonly firstTime: boolean;
  readonly root: string | null;
  readonly release: string | null;
  /** Files and directories to read instead of the usual places. */
  readonly config: readonly string[] | null;
  readonly logLevel: LogLevel;
}

const FIRST_TIME = "3";

const TABLE: OptionTable = {
  short: `abC:Dd:hinqS:v${FIRST_TIME}`,
  long: {
    all: "a",
    "use-blacklist": "b",
    config: "C",
    "show-depends": "D",
    dirname: "d",
    help: "h",
    "ignore-install": "i",
    "dry-run": "n",
    show: "n",
    quiet: "q",
    "set-version": "S",
    verbose: "v",
    "first-time": FIRST_TIME,
  },
};

export const MODPROBE_USAGE = `Usage:
  lcd-modprobe [options] modulename [parameter=value ...]
  lcd-modprobe [options] -a modulename [modulename ...]

Loads a module, and what it needs, for use in an lcd: the modules are handed to /dev/lcd.

Options:
  -a, --all                  Every word is the name of a module
  -D, --show-depends         Only print what would be loaded
  -n, --dry-run, --show      Do everything but load
  -b, --use-blacklist        Apply the blacklist to what an alias leads to
  -i, --ignore-install       Ignore install commands for the module
      --first-time           Fail when the module is loaded already
  -C, --config=FILE          Read FILE, or the .conf files of a directory, instead of the usual places
  -d, --dirname=DIR          The directory that has lib/modules in it
  -S, --set-version=VERSION  Use VERSION instead of the running kernel's
  -q, --quiet                Say nothing when something fails
  -v, --verbose              Say more
  -h, --help                 Show this
`;

/** @throws UsageError */
export function parseModprobeOptions(args: readonly string[]): ModprobeOptions {
  const { options, words } = parseOptions(args, TABLE);
  const has = (letter: string) => options.some(([given]) => given === letter);
  const last = (letter: string) => options.filter(([given]) => given === letter).at(-1)?.[1] ?? null;
  const verbose = options.filter(([given]) => given === "v").length;
  const config = options.filter(([given]) => given === "C").map(([, path]) => path);
  return {
    words,
    all: has("a"),
    help: has("h"),
    dryRun: has("n") || has("D"),
    show: has("D") || verbose > 0,
    useBlacklist: has("b"),
    ignoreInstall: has("i"),
    firstTime: has(FIRST_TIME),
    root: last("d"),
    release: last("S"),
    config: config.length > 0 ? config : null,
    logLevel: has("q") ? "silent" : verboseLevel(verbose),
  };
}

function verboseLevel(count: number): LogLevel {
  if (count === 0) return "warning";
  if (count === 1) return "notice";
  return count === 2 ? "info" : "debug";
}
