import { type OptionTable, type ParsedOptions, parseOptions } from "../command/getopt";
import type { LogLevel } from "../command/log";
import { ToolError } from "../errors";

/** What a command line of modprobe asks for. */
export interface ModprobeOptions {
  readonly words: readonly string[];
  /** Every word is a module; otherwise the first is, and the others are its parameters. */
  readonly all: boolean;
  readonly help: boolean;
  readonly dryRun: boolean;
  /** Print what is done for each module. */
  readonly show: boolean;
  /** `-D`: print modules of the kernel itself, too. */
  readonly showDepends: boolean;
  /** Leave out what is blacklisted although it was asked for by its name; by an alias it always is. */
  readonly useBlacklist: boolean;
  /** Leave out install and remove commands of the modules asked for, and their soft dependencies. */
  readonly ignoreInstall: boolean;
  /** Take modules out instead. */
  readonly remove: boolean;
  /** Take out what uses them, too. */
  readonly removeHolders: boolean;
  /** How long to wait for a module that is in use, at least 1; null when modprobe is to look itself. */
  readonly waitMilliseconds: number | null;
  readonly force: boolean;
  /** Load a module that was built for another kernel: leave out its version magic, or the versions of its symbols. */
  readonly forceVermagic: boolean;
  readonly forceModversion: boolean;
  /** Only print which modules the words lead to. */
  readonly resolve: boolean;
  readonly showConfig: boolean;
  /** Print the symbols of a file instead: those that it needs or those that it offers. */
  readonly showSymbols: "modversions" | "exports" | null;
  readonly syslog: boolean;
  readonly version: boolean;
  readonly firstTime: boolean;
  readonly root: string | null;
  readonly release: string | null;
  /** Files and directories to read instead of the usual places. */
  readonly config: readonly string[] | null;
  readonly logLevel: LogLevel;
}

/** Letters of options that have only a long name. */
const Long = {
  firstTime: "3",
  removeHolders: "4",
  showModversions: "6",
  showExports: "7",
  forceModversion: "1",
  forceVermagic: "2",
} as const;

const TABLE: OptionTable = {
  short: `arw:ibfDcRnC:d:S:sqvVh${Object.values(Long).join("")}`,
  last: "hV",
  long: {
    all: "a",
    remove: "r",
    "remove-dependencies": Long.removeHolders,
    "remove-holders": Long.removeHolders,
    wait: "w",
    "resolve-alias": "R",
    "first-time": Long.firstTime,
    "ignore-install": "i",
    "ignore-remove": "i",
    "use-blacklist": "b",
    force: "f",
    "force-modversion": Long.forceModversion,
    "force-vermagic": Long.forceVermagic,
    "show-depends": "D",
    showconfig: "c",
    "show-config": "c",
    "show-modversions": Long.showModversions,
    "dump-modversions": Long.showModversions,
    "show-exports": Long.showExports,
    "dry-run": "n",
    show: "n",
    config: "C",
    dirname: "d",
    "set-version": "S",
    syslog: "s",
    quiet: "q",
    verbose: "v",
    version: "V",
    help: "h",
  },
};

export const MODPROBE_USAGE = `Usage:
  lcd-modprobe [options] modulename [parameter=value ...]
  lcd-modprobe [options] -a modulename [modulename ...]
  lcd-modprobe [options] -r modulename ...
  lcd-modprobe [options] -c | --show-modversions FILE | --show-exports FILE

Loads a module, and what it needs, for use in an lcd: the modules are handed to /dev/lcd.

Options:
  -a, --all                  Every word is the name of a module
  -D, --show-depends         Only print what would be loaded
  -R, --resolve-alias        Only print which modules the name leads to
  -c, --showconfig, --show-config
                             Only print the configuration and all aliases
      --show-modversions, --dump-modversions
                             Only print the symbols that a module file needs, with their versions
      --show-exports         Only print the symbols that a module file offers, with their versions
  -n, --dry-run, --show      Do everything but load or remove
  -r, --remove               Take modules out, and what nobody needs any more
      --remove-holders, --remove-dependencies
                             Take out what uses them, too
  -w, --wait=MSEC            Wait so long for a module that is in use
  -b, --use-blacklist        Apply the blacklist to names, too: to what an alias leads to it always applies
  -i, --ignore-install, --ignore-remove
                             Ignore install and remove commands for the module
      --first-time           Fail when the module is loaded already, or not there to be removed
  -f, --force                Load or remove although it may be dangerous:
      --force-vermagic       without a look at the kernel that the module was built for
      --force-modversion     without a look at the versions of symbols
  -C, --config=FILE          Read FILE, or the .conf files of a directory, instead of the usual places
  -d, --dirname=DIR          The directory that has lib/modules in it
  -S, --set-version=VERSION  Use VERSION instead of the running kernel's
  -s, --syslog               Messages go to the system log, where there is one
  -q, --quiet                Say nothing when something fails
  -v, --verbose              Say more
  -V, --version              Show which kmod this is compatible with
  -h, --help                 Show this
`;

/** @throws UsageError; ToolError for a wait that is no number */
export function parseModprobeOptions(
  args: readonly string[],
): ModprobeOptions & { readonly given: ParsedOptions["options"] } {
  let wait = 0;
  const { options, words } = parseOptions(args, TABLE, ([letter, value]) => {
    if (letter === "w") wait = milliseconds(value);
  });
  const has = (letter: string) => options.some(([given]) => given === letter);
  const last = (letter: string) => options.filter(([given]) => given === letter).at(-1)?.[1] ?? null;
  const level = levelAfter(options);
  const config = options.filter(([given]) => given === "C").map(([, path]) => path);
  return {
    given: options,
    words,
    all: has("a"),
    help: has("h"),
    dryRun: has("n") || has("D"),
    show: has("D") || level > WARNING,
    showDepends: has("D"),
    useBlacklist: has("b"),
    ignoreInstall: has("i"),
    firstTime: has(Long.firstTime),
    remove: has("r"),
    removeHolders: has(Long.removeHolders),
    waitMilliseconds: wait || null,
    force: has("f"),
    forceVermagic: has("f") || has(Long.forceVermagic),
    forceModversion: has("f") || has(Long.forceModversion),
    resolve: has("R"),
    showConfig: has("c"),
    showSymbols: has(Long.showModversions) ? "modversions" : has(Long.showExports) ? "exports" : null,
    syslog: has("s"),
    version: has("V"),
    root: last("d"),
    release: last("S"),
    config: config.length > 0 ? config : null,
    logLevel: LEVELS[level] ?? "debug",
  };
}

/** What the numbers of syslog(3), 0 to 7, let through: nothing that modprobe says is more urgent than 2. */
const LEVELS: readonly LogLevel[] = ["silent", "silent", "fatal", "error", "warning", "notice", "info", "debug"];
const WARNING = LEVELS.indexOf("warning");

/** Each `-v` is one step up, and `-q` is back to 0, in the order given. */
function levelAfter(options: ParsedOptions["options"]): number {
  return options.reduce((level, [letter]) => (letter === "q" ? 0 : letter === "v" ? level + 1 : level), WARNING);
}

/** A number as C writes it: decimal, octal with a zero before it, hexadecimal. */
const C_NUMBER = /^[ \t-\r]*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i;

function milliseconds(word: string): number {
  const [, sign, digits = ""] = C_NUMBER.exec(word) ?? [];
  if (sign !== undefined) return sign === "-" ? 0 : Number(digits.replace(/^0(?=\d)/, "0o"));
  throw new ToolError(`unexpected wait value '${word}'.`);
}
