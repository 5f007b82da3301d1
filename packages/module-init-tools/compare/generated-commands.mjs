// Command lines as choices make them. `ROOT` stands for the tree's root. None of them loads or removes a module.
import { RELEASE } from "./generated-trees.mjs";

const NOT_UNDERSTOOD = [
  ["--nonsense"],
  ["-Z"],
  ["-nZ"],
  ["--dry"],
  ["--show"],
  ["--s"],
  ["--quiet=1"],
  ["--config"],
  ["--basedir"],
  ["-b"],
  ["-C"],
  ["--"],
  ["-"],
];

/** @returns arguments of depmod */
export function depmodCommand(choices, tree) {
  const root = choices.pick(["ROOT", "ROOT", "ROOT", "ROOT/", "ROOT//", "."]);
  const where = choices.pick([
    ["-b", root],
    [`-b${root}`],
    ["--basedir", root],
    [`--basedir=${root}`],
    ["--base", root],
  ]);
  const options = choices.shuffled([where, ...choices.some(DEPMOD_OPTIONS, 3)]).flat();
  const odd = choices.chance(6) ? choices.pick(NOT_UNDERSTOOD) : [];
  const version = choices.chance(95)
    ? [RELEASE]
    : choices.pick([[], ["9.9.9"], ["nonsense"], ["1"], ["1.x"], ["1.2.3 "]]);
  const files = choices.chance(12)
    ? choices.some([...tree.paths, "kernel/nowhere.ko"], 3).map((path) => `ROOT/lib/modules/${RELEASE}/${path}`)
    : choices.chance(3)
      ? [choices.pick(["a.ko", "./a.ko", "ROOT", "ROOT/etc/symvers"])]
      : [];
  const words = [...version, ...files];
  return choices.chance(80) ? [...options, ...odd, ...words] : [...words, ...odd, ...options];
}

const DEPMOD_OPTIONS = [
  ["-a"],
  ["-A"],
  ["-n"],
  ["-n"],
  ["--dry-run"],
  ["-w"],
  ["--warn"],
  ["-q"],
  ["--root"],
  ["-v"],
  ["--verbose"],
  ["-e"],
  ["-e", "-E", "ROOT/etc/symvers"],
  ["-e", "-F", "ROOT/etc/System.map"],
  ["-eF", "etc/System.map"],
  ["--errsyms", "--symvers=ROOT/etc/symvers"],
  ["-e", "-F", "ROOT/etc/System.map", "-P", "_"],
  ["-P", "_"],
  ["-P", "__"],
  ["-P", ""],
  ["-E", "ROOT/nowhere"],
  ["-F", "ROOT/nowhere"],
  ["-E", "ROOT/etc/symvers"],
  ["-F", "ROOT/etc/System.map", "-E", "ROOT/etc/symvers"],
  ["-C", "ROOT/etc/depmod.conf"],
  ["-C", "ROOT/depmod.d"],
  ["-C", "ROOT/nowhere"],
  ["--config=ROOT/depmod.d", "-C", "ROOT/etc/depmod.conf"],
  ["-naq"],
  ["-aw"],
  ["-nwe"],
];

/** @returns arguments of modprobe */
export function modprobeCommand(choices, tree) {
  const where = [
    "-d",
    choices.pick(["ROOT", "ROOT", "ROOT", "ROOT/", "."]),
    "-S",
    choices.chance(97) ? RELEASE : "9.9",
  ];
  const config = choices.pick([
    ["-C", "/dev/null"],
    ["-C", "ROOT/etc/modprobe.conf"],
    ["-C", "ROOT/modprobe.d"],
    ["-C", "modprobe.d"],
    ["-C", "ROOT/etc/modprobe.conf", "--config", "ROOT/modprobe.d"],
    ["-C", "ROOT/nowhere"],
    ["-C", "modprobe.d/../etc/modprobe.conf"],
    ["-C", "etc/modprobe.conf/"],
    ["-C", ""],
  ]);
  const [main, ...extra] = [choices.pick(MODPROBE_MODES), ...choices.some(MODPROBE_OPTIONS, 2)];
  const odd = choices.chance(4) ? choices.pick(NOT_UNDERSTOOD) : [];
  const options = choices.shuffled([where, config, main, ...extra]).flat();
  const words = main.includes("-FILE-")
    ? choices.some(tree.paths, 2).map((path) => `ROOT/lib/modules/${RELEASE}/${path}`)
    : wordsFor(choices, tree, "ROOT");
  const given = [...options, ...odd].filter((word) => word !== "-FILE-");
  // Behind `--` there are no options, and without them modprobe would really load a module.
  return choices.chance(85) || words.includes("--") ? [...given, ...words] : [...words, ...given];
}

const MODPROBE_MODES = [
  ["-D"],
  ["-D"],
  ["-D"],
  ["-R"],
  ["-R"],
  ["-c"],
  ["-n", "-v"],
  ["-nv"],
  ["-D", "-a"],
  ["-R", "-a"],
  ["-a", "-n", "-v"],
  ["-r", "-n", "-v"],
  ["-rnv", "-a"],
  ["--show-depends"],
  ["--resolve-alias"],
  ["--showconfig"],
  ["--show-exports", "-FILE-"],
  ["--show-modversions", "-FILE-"],
  ["--dump-modversions", "-FILE-"],
];

const MODPROBE_OPTIONS = [
  ["-i"],
  ["-b"],
  ["-q"],
  ["--first-time"],
  ["--ignore-remove"],
  ["-f"],
  ["--remove-holders", "-n"],
  ["-s"],
  ["-w", "0x10"],
  ["-w", "08"],
  ["--wait= 010"],
];

/** @returns arguments of modinfo */
export function modinfoCommand(choices, tree) {
  const where = choices.pick([
    ["-b", "ROOT", "-k", RELEASE],
    ["-bROOT", `--set-version=${RELEASE}`],
    ["-b", ".", "-k", RELEASE],
  ]);
  const odd = choices.chance(4) ? choices.pick(NOT_UNDERSTOOD) : [];
  const options = choices.shuffled([where, ...choices.some(MODINFO_OPTIONS, 2)]).flat();
  const files = choices
    .some(tree.paths, 3)
    .map((path) => `${choices.pick(["ROOT/", ""])}lib/modules/${RELEASE}/${path}`);
  const words = choices.chance(50) ? files : wordsFor(choices, tree, "ROOT");
  return choices.chance(85) ? [...options, ...odd, ...words] : [...words, ...odd, ...options];
}

const MODINFO_OPTIONS = [
  ["-a"],
  ["-d"],
  ["-l"],
  ["-p"],
  ["-n"],
  ["-0"],
  ["--null"],
  ["-m"],
  ["-F", "alias"],
  ["-F", "parm"],
  ["-F", "parmtype"],
  ["-Fdepends"],
  ["--field=name"],
  ["-F", "signature"],
  ["-F", "sig_key"],
  ["-F", ""],
  ["-F", "nothing"],
  ["-0p"],
];

const PARAMETERS = ["", "p=1", "q=a b", 'r="x y"', "s", "t=", "=", "u='q r'", "-x"];

function wordsFor(choices, tree) {
  const ask = () =>
    choices.pick([
      choices.pick(tree.words),
      choices.pick(tree.paths.length > 0 ? tree.paths : ["x"]).replace(/^.*\/|\.ko.*/g, ""),
    ]);
  const first = choices.chance(97) ? [ask()] : [];
  const rest = choices.chance(30) ? [choices.chance(60) ? choices.pick(PARAMETERS) : ask()] : [];
  const asked = [...first, ...rest].map((word) => (choices.chance(10) ? word.replaceAll("_", "-") : word));
  return asked.some((word) => word.startsWith("-")) && choices.chance(80) ? ["--", ...asked] : asked;
}
