// Modules as choices make them: usual ones, odd ones and broken ones.
import { spawnSync } from "node:child_process";
import { parseElf } from "elf-image";
import { makeModule } from "module-init-tools/testing";

/** Names of modules: few, so that they meet each other. */
export const NAMES = [
  ..."abcdefgh",
  "crc-z",
  "crc_z",
  "lcd-a_b",
  "lcd_a-b",
  "m.1",
  "UPPER",
  "0",
  "_",
  "-dash",
  "long-".repeat(12),
  "net-pf-10",
  "n-1_2",
  "st*r",
];

export const SYMBOLS = [
  ..."pqrstuvw",
  "printk",
  "module_layout",
  "__this_module",
  "with-dash",
  "with.dot",
  "x".repeat(55),
  "y".repeat(90),
];

/** Aliases with and without wildcards; words to ask for. */
export const ALIASES = [
  "pci:v00001AF4d00001000sv*sd*bc*sc*i*",
  "pci:v*",
  "usb:v1-2p[a-f]*",
  "net-pf-10",
  "fs-a",
  "fs_a",
  "a",
  "b-c*",
  "*",
  "?",
  "[a-c]-x",
  "[!a]*",
  "x[",
  "]x",
  "[]",
  "[]a]",
  "a\\*b",
  "with blank",
  "symbol:p",
  "devname:lcd/a",
  "devname:b c",
  "char-major-10-200",
  "char-major-10-*",
  "block-major-8-01",
  "of:N*T*Cvendor,part",
  "crypto-z",
  "",
];

const DIRECTORIES = [
  "kernel",
  "kernel/drivers/net-x",
  "kernel/a/b/c/d/e/f/g/h/i/j",
  "updates",
  "updates/dkms",
  "extra",
  "weak-updates",
  "build",
  "source",
  "odd.ko",
];

// Not `pre:` twice with `post:` between: then `modprobe -c` of kmod 30 shows more than it uses.
const SOFTDEPS = [
  "pre: a",
  "pre: a b post: c d",
  "post: lcd-a_b",
  "pre: nowhere",
  "pre:a",
  "pre: pre: a post:",
  "a b",
  "  pre:   c   post:\tb",
  "pre: fs-a",
  "post: a pre: b",
  "",
];

const MODINFO = [
  "license=GPL",
  "author=J\u00fcrgen <a@b>",
  "author=odd @@@@ bytes",
  "description=two\nlines\tand a tab",
  "description=",
  "vermagic=6.1.0 SMP mod_unload",
  "intree=Y",
  "depends=a,b",
  "name=other",
  "parm=p:how many (of them)",
  "parmtype=p:int",
  "parm=q:",
  "parmtype=r:array of charp",
  "parm=nocolon",
  "parm=p:again: with colons",
  "no-equals-sign",
  "=empty-key",
  "a-key-that-is-longer-than-the-column=value",
  "key=value=more",
  "firmware=a/b.bin",
  "version=1.2",
  "srcversion=ABC",
  "filename=fake",
  "alias=",
  "",
];

// Debian's kmod is built without zlib.
const ENDINGS = [".ko", ".ko", ".ko", ".ko", ".ko.xz", ".ko.zst"];
const ODD_ENDINGS = [".ko.bz2", ".o", ".ko~", ".KO", ".ko.gz.gz", ".ko.", ""];

/** What is put behind a module for its signature: kinds that modinfo decodes, and damaged ones. */
const SIGNATURE_MAGIC = "~Module signature appended~\n";

/** A file for a tree: `path` below it and `bytes`, or `link` for a symbolic link. */
export function generateModuleFile(choices) {
  const directory = choices.chance(70) ? "kernel" : choices.pick(DIRECTORIES);
  const ending = choices.chance(95) ? choices.pick(ENDINGS) : choices.pick(ODD_ENDINGS);
  const path = `${directory}/${choices.pick(NAMES)}${ending}`;
  if (choices.chance(3)) return { path, link: choices.pick(["a.ko", "b-c.ko", "nowhere", "/dev/null", path]) };
  const bytes = damaged(choices, signed(choices, generateModule(choices)));
  // Tools know compressed files by their first bytes, not by their names.
  const packed = choices.chance(3) ? choices.pick(ENDINGS) : ending;
  return { path, bytes: compressed(packed, bytes) };
}

function generateModule(choices) {
  const imports = [...new Set(choices.some(SYMBOLS, 4))];
  const exports = [...new Set(choices.chance(70) ? choices.some(SYMBOLS, 4) : [])];
  const alone = imports.filter((name) => !exports.includes(name));
  const checksum = () => choices.pick([0, 1, 2, 0xffffffff]);
  const module = makeModule({
    bits: choices.chance(85) ? 64 : 32,
    bigEndian: choices.chance(8),
    exports,
    checksums: Object.fromEntries(exports.map((name) => [name, checksum()])),
    checksumsIn: choices.chance(50) ? "symbols" : "section",
    unversionedExports: choices.chance(20) ? choices.some(SYMBOLS, 3) : [],
    imports: alone,
    weakImports: choices.chance(30) ? choices.some(SYMBOLS, 2).filter((name) => !imports.includes(name)) : [],
    versions: choices.maybe(
      50,
      Object.fromEntries([...alone, ...choices.some(SYMBOLS, 2)].map((name) => [name, checksum()])),
    ),
    modinfo: [
      ...choices.some(ALIASES, 3).map((alias) => `alias=${alias}`),
      ...(choices.chance(25) ? choices.some(SOFTDEPS, 2) : []).map((soft) => `softdep=${soft}`),
      ...choices.some(MODINFO, 5),
    ],
  });
  return withOddBytes(module);
}

/** Bytes that are no UTF-8, in place of `@@@@`. */
function withOddBytes(module) {
  const bytes = Buffer.from(module);
  for (let at = bytes.indexOf("@@@@"); at >= 0; at = bytes.indexOf("@@@@", at)) bytes.set([0xff, 0xc3, 0x28, 0x80], at);
  return bytes;
}

function signed(choices, module) {
  if (!choices.chance(10)) return module;
  const signer = Buffer.from(choices.pick(["", "Somebody", "J\u00f6rg"]));
  const key = Buffer.from(choices.pick([[], [1, 2, 3], Array.from({ length: 41 }, (_, i) => i)]));
  const signature = Buffer.alloc(choices.pick([0, 1, 19, 20, 21, 64]), 0xa5);
  const trailer = Buffer.alloc(12);
  trailer.set([choices.below(4), choices.below(11), choices.below(4), signer.length, key.length]);
  trailer.writeUInt32BE(choices.chance(90) ? signature.length : choices.pick([1, 1000, 0xffffffff]), 8);
  return Buffer.concat([module, signer, key, signature, trailer, Buffer.from(SIGNATURE_MAGIC)]);
}

/** Where the fields of a section header are, and its size (System V ABI, "Section Header"). */
const HEADERS = {
  32: { table: 32, size: 40, name: 0, type: 4, offset: 16, length: 20, link: 24, entrySize: 36 },
  64: { table: 40, size: 64, name: 0, type: 4, offset: 24, length: 32, link: 40, entrySize: 56 },
};

/** What is written there. Other lengths would cut names, and kmod would read on behind them. */
const CHANGES = {
  name: [0, 1, 2, 10, 0x7fffffff],
  type: [0, 1, 2, 3, 8, 0x7fffffff],
  offset: [0x7fffffff],
  length: [1, 0x7fffffff],
  link: [0, 1, 100],
  entrySize: [0, 1, 100],
};

const SECTIONS_OF_A_MODULE = 8;

/** A module in which a field of a section header is not what it was. */
function withOddHeader(choices, original) {
  const module = Buffer.from(original);
  const [bits, little] = [module[4] === 2 ? 64 : 32, module[5] === 1];
  const header = HEADERS[bits];
  const field = choices.pick(Object.keys(CHANGES));
  const section = choices.below(SECTIONS_OF_A_MODULE);
  const value = choices.pick(CHANGES[field]);
  // For kmod, checksums have no end where there is no place for one.
  if (field === "length" && value < 4 && parseElf(original).sections[section]?.name === "__kcrctab") return original;
  // The upper half of a 64-bit word stays 0.
  const table = module[little ? "readUInt32LE" : "readUInt32BE"](header.table + (bits === 64 && !little ? 4 : 0));
  const isWord = field === "offset" || field === "length" || field === "entrySize";
  const at = table + header.size * section + header[field];
  const low = at + (bits === 64 && !little && isWord ? 4 : 0);
  module[little ? "writeUInt32LE" : "writeUInt32BE"](value, low);
  return module;
}

function damaged(choices, module) {
  if (choices.chance(6)) return withOddHeader(choices, module);
  if (!choices.chance(8)) return module;
  switch (choices.below(6)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.from("This is no module.");
    case 2:
      return module.subarray(0, choices.below(70));
    case 3:
      return module.subarray(0, choices.below(module.length));
    case 4:
      return Buffer.alloc(choices.below(3000));
    default:
      return Buffer.concat([Buffer.from("\u007fELF"), Buffer.alloc(choices.below(100), 1)]);
  }
}

const COMPRESSORS = {
  ".ko.xz": ["xz", "-c", "--check=crc32", "-0"],
  ".ko.zst": ["zstd", "-c", "-q", "-1"],
};

function compressed(ending, bytes) {
  const [command, ...args] = COMPRESSORS[ending] ?? [];
  if (command === undefined) return bytes;
  const { status, stdout } = spawnSync(command, args, { input: bytes });
  if (status !== 0) throw new Error(`${command} failed; is it installed?`);
  return stdout;
}
