// Module trees as choices make them: modules, what the kernel's build leaves beside them, and configuration.
import { ALIASES, generateModuleFile, NAMES, SYMBOLS } from "./generated-modules.mjs";

export const RELEASE = "1.2.3";

/**
 * @returns the paths of files below the tree's root: `bytes` or a `link`, in the order in which they are to be made, and
 *   words to ask the tools for
 */
export function generateTree(choices) {
  const modules = Array.from({ length: choices.below(10) }, () => generateModuleFile(choices));
  const paths = modules.map(({ path }) => path);
  const texts = {
    "modules.order": choices.maybe(85, orderFile(choices, paths)),
    "modules.builtin": choices.maybe(85, builtinFile(choices)),
    "modules.builtin.modinfo": choices.maybe(70, builtinModinfo(choices)),
  };
  const inTree = [...modules, ...filesOf(texts)].map((file) => ({
    ...file,
    path: `lib/modules/${RELEASE}/${file.path}`,
  }));
  const config = filesOf({
    "etc/modprobe.conf": modprobeConfig(choices),
    "modprobe.d/b.conf": modprobeConfig(choices),
    "modprobe.d/a-first.conf": choices.maybe(50, modprobeConfig(choices)),
    "modprobe.d/ignored.txt": choices.maybe(20, "blacklist a\n"),
    "etc/depmod.conf": depmodConfig(choices),
    "depmod.d/x.conf": depmodConfig(choices),
    "etc/symvers": symvers(choices),
    "etc/System.map": systemMap(choices),
  });
  const outside = choices.chance(20) ? [generateModuleFile(choices), generateModuleFile(choices)] : [];
  return {
    files: [...inTree, ...config, ...outside.map((file) => ({ ...file, path: `outside/${file.path}` }))],
    paths,
    words: [...NAMES, ...ALIASES, ...SYMBOLS.map((symbol) => `symbol:${symbol}`)],
  };
}

/** A `modules.softdep` that no depmod has written. */
export function generateSoftdep(choices) {
  const makers = [
    () => `softdep ${choices.pick(NAMES)} pre: ${choices.some(NAMES, 3).join(" ")} post: ${choices.pick(NAMES)}`,
    () => `softdep ${choices.pick(NAMES)} post: ${choices.some(NAMES, 2).join(" ")}`,
    () => `options ${choices.pick(NAMES)} p=1`,
    () => choices.pick(["", "softdep", "softdep a", "nonsense", "# comment"]),
  ];
  return lines(Array.from({ length: choices.below(5) }, () => choices.pick(makers)()));
}

function filesOf(texts) {
  return Object.entries(texts).flatMap(([path, text]) =>
    text === undefined ? [] : [{ path, bytes: Buffer.from(text) }],
  );
}

function lines(list) {
  return list.map((line) => `${line}\n`).join("");
}

/** Names modules without the ending of their compression; sometimes wrong, incomplete or cut off. */
function orderFile(choices, paths) {
  const right = choices.shuffled(paths).map((path) => path.replace(/\.(gz|xz|zst)$/, ""));
  const odd = ["", "kernel/nowhere.ko", "./kernel/a.ko", "kernel/a.ko.xz", " kernel/b.ko", "kernel/c.ko "];
  const some = choices.chance(60) ? right : right.slice(0, choices.below(right.length + 1));
  const text = lines(choices.chance(80) ? some : choices.shuffled([...some, ...some, ...choices.some(odd, 3)]));
  return choices.chance(95) ? text : text.slice(0, -1);
}

function builtinFile(choices) {
  const text = lines(
    choices
      .some(NAMES, 4)
      .map((name) => (choices.chance(95) ? `kernel/${name}.ko` : choices.pick(["", name, "a/.ko"]))),
  );
  return choices.chance(95) ? text : text.slice(0, -1);
}

function builtinModinfo(choices) {
  // kmod 30 crashes at entries without a dot or an equals sign.
  const odd = ["a.=x", "b.alias=x\n", "b.alias=", "c.parm=p:q", "c.al.ias=x", "d.license=GPL"];
  const entries = choices
    .some(NAMES, 5)
    .flatMap((name) => [
      `${name.replaceAll("-", "_")}.alias=${choices.pick(ALIASES)}`,
      ...choices
        .some(["license=GPL", "parm=p:x", "parmtype=p:int", "file=drivers/x"], 2)
        .map((entry) => `${name}.${entry}`),
      ...(choices.chance(5) ? [choices.pick(odd)] : []),
    ]);
  return entries.map((entry) => `${entry}\0`).join("");
}

function symvers(choices) {
  const name = () => choices.pick(SYMBOLS);
  const sum = () => choices.pick(["0x00000000", "0x00000001", "0x2", "0xffffffff", "1", "0xzz", ""]);
  const rest = () =>
    choices.pick(["vmlinux\tEXPORT_SYMBOL\t", "vmlinux\tEXPORT_SYMBOL_GPL", "vmlinux", "kernel/a", ""]);
  const text = lines(
    Array.from({ length: choices.below(9) }, () =>
      choices.chance(92)
        ? `${sum()}\t${name()}\t${rest()}`
        : choices.pick(["", "nothing", "0x1 printk vmlinux", "0x1\t"]),
    ),
  );
  return choices.chance(95) ? text : text.slice(0, -1);
}

function systemMap(choices) {
  const name = () => `${choices.pick(["__ksymtab_", "__ksymtab_", "___ksymtab_", "_", ""])}${choices.pick(SYMBOLS)}`;
  const text = lines(
    Array.from({ length: choices.below(12) }, () =>
      choices.chance(92)
        ? `ffffffff81000000 ${choices.pick(["T", "r", "R", "A"])} ${name()}`
        : choices.pick(["", "nothing", "0 R __ksymtab_p more", "1 R", "2  R __ksymtab_q"]),
    ),
  );
  return choices.chance(95) ? text : text.slice(0, -1);
}

/** Lines of modprobe.d: usual ones, with odd blanks, comments and continuations, and ones that nobody understands. */
function modprobeConfig(choices) {
  const module = () => choices.pick([...NAMES, "*", "crc*", "[a-c]", "lcd?a?b"]);
  const blanks = () => choices.pick([" ", " ", " ", "\t", "  ", " \\\n", " \\\n  "]);
  const makers = [
    () => ["alias", choices.pick(ALIASES), module()],
    () => ["options", module(), ...choices.some(["p=1", "q=a,b", 'r="x y"', "-dash", "s"], 3)],
    () => ["install", module(), choices.pick(["/bin/true", "echo $CMDLINE_OPTS $MODPROBE_MODULE", "", "a; b"])],
    () => ["remove", module(), choices.pick(["/bin/true", "echo x", ""])],
    () => ["blacklist", module(), ...choices.some(["more"], 1)],
    () => [
      "softdep",
      module(),
      ...choices.pick(["pre: a", "pre: b c post: d", "post: fs-a", "nothing", "pre:", ""]).split(" "),
    ],
    () => [
      choices.pick(["# comment", "include", "config", "nonsense", "#", "alias", "options", "install x", "softdep a"]),
    ],
    () => [""],
  ];
  const text = lines(
    Array.from({ length: choices.below(7) }, () => {
      const indent = choices.chance(10) ? choices.pick([" ", "\t", "\\\n"]) : "";
      const end = choices.chance(5) ? choices.pick([" ", "\t", "\\", " # x"]) : "";
      const words = choices.pick(makers)();
      const line = indent + words.map((word) => word + blanks()).join("");
      // A softdep line does not go on into the next one: of `pre:` twice `modprobe -c` shows more than it uses.
      return words[0] === "softdep" ? line.replace(/[\s\\]+$/, "") : line.trimEnd() + end;
    }),
  );
  const whole = choices.chance(90) ? text : text.slice(0, -1);
  // After a backslash at the end of the file kmod 30 reads on in its memory.
  return /\\\n?$/.test(whole) ? `${whole}\n\n` : whole;
}

function depmodConfig(choices) {
  const makers = [
    () => [
      "search",
      ...choices.some(["updates", "extra", "built-in", "external", "weak-updates", "kernel/drivers"], 3),
    ],
    () => [
      "override",
      choices.pick(NAMES),
      choices.pick(["*", RELEASE, "1.*", "9", "["]),
      choices.pick(["kernel", "updates", "extra"]),
    ],
    () => ["external", choices.pick(["*", "1", "9"]), choices.pick(["ROOT/outside", "/nowhere"])],
    () => ["exclude", ...choices.some(["updates", "dkms", "kernel", "odd.ko"], 2)],
    () => [choices.pick(["# comment", "include x", "make_map_files no", "nonsense", "override a", "search", ""])],
  ];
  return lines(
    Array.from({ length: choices.below(4) }, () =>
      choices
        .pick(makers)()
        .join(choices.pick([" ", "  ", "\t", " \\\n"])),
    ),
  );
}
