// Configuration as nobody writes it: odd blanks, ends of lines, escapes, NULs, letters of other languages. kmod reads all of
// it in one way or another. After a backslash at the end of a file it reads on in its memory: there none is put.

const MODULES = ["a", "b", "c", "crc-z", "crc_z", "m_1", "*", "[a-c]", "x["];
const WORDS = [
  ...MODULES,
  "net-pf-1",
  "pci:v*",
  "]",
  "\u00e9",
  "a\u0001",
  "-r",
  '"q r"',
  "$CMDLINE_OPTS",
  "pre:",
  "post:",
  "pre:a",
  "#",
  "p=1",
  'p="x y"',
  "l".repeat(300),
  "=",
  "\\",
  "\\n",
  "?",
  "x[a-c]*",
];
const BLANKS = [" ", " ", " ", " ", "\t", "  ", "\\\n", " \\\n", "\\ ", "\r", "\v", "\f", "\u00a0", "\\\t", "\\\\\n"];
const LINE_ENDS = [...Array.from({ length: 12 }, () => "\n"), "\r\n", "\n\n", "\r", "\0\n", "# c\n", "\0x\n"];

/** Lines of modprobe.d. */
export function oddModprobeConfig(choices) {
  const keywords = ["alias", "options", "install", "remove", "blacklist", "softdep"];
  return text(
    choices,
    [...keywords, ...keywords, "include", "config", "ALIAS", "alias:", "#alias", "weakdep", ""],
    WORDS,
  );
}

/** Lines of depmod.d. `external` is missing: it makes kmod 30 write where it has no memory. */
export function oddDepmodConfig(choices) {
  const words = [
    "updates",
    "extra",
    "built-in",
    "kernel",
    "*",
    "1.*",
    "[0-9]",
    "^6",
    "(",
    "a",
    "c",
    "crc-z",
    "\u00e9",
    "/",
  ];
  return text(choices, ["search", "search", "override", "exclude", "include", "make_map_files", "no", "#"], words);
}

function text(choices, keywords, words) {
  const lines = Array.from({ length: choices.below(7) }, () => {
    const start = choices.chance(10) ? choices.pick(BLANKS) : "";
    const rest = Array.from({ length: choices.below(6) }, () => choices.pick(BLANKS) + choices.pick(words));
    return start + choices.pick(keywords) + rest.join("") + choices.pick(LINE_ENDS);
  });
  const all = lines.join("");
  return /\\\n?$/.test(all) ? `${all}\n\n` : all;
}

/** A kernel's command line. */
export function oddCommandLine(choices) {
  const words = [
    "quiet",
    "a.p=1",
    "crc-z.p=2",
    "a.b.c=3",
    "modprobe.blacklist=a,b",
    "modprobe.blacklist=",
    "modprobe.blacklist",
    '"modprobe.blacklist=c d"',
    '"a.p=x y"',
    'a.p="x y"',
    'a."p"=1',
    'a.p=x"y z"w',
    '"a.p x=y"',
    ".p=1",
    "a.=1",
    "a.p",
    "a..p=1",
    "b.p=1=2",
    "\u00e9.p=1",
    '"',
    "=",
    ".",
    "a\0.p=1",
  ];
  const line = choices.some(words, 6).join(choices.pick([" ", " ", "  ", "\t", "\n"]));
  const long = choices.chance(5) ? `${"x".repeat(4080 + choices.below(20))} ` : "";
  return `${long}${line}${choices.pick(["\n", "\n", "\n", "", "\na.second=1\n"])}`;
}

/** What MODPROBE_OPTIONS may say. Not `-v`: with two of them kmod's library tells of its own doings. */
export function oddOptions(choices) {
  const quoted = ["-C '/dev/null'", "a' b c", 'a"b c"d'];
  return choices.pick(["", "-q", "-b", "-q -b", "--first", "-x", "a", "-C /dev/null", ...quoted]);
}
