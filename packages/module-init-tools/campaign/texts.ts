import type { SeededRandom } from "../../lcd-domains/src/host/random";
import { memoryFiles } from "../src";
import { makeModule } from "../src/testing";
import type { CampaignKind } from "./kind";
import { joined, pick, spoilt } from "./mutations";
import { runDepmod, runTools, TREE } from "./tools";

/** Text files that the tools read, as they should be. */
const TEXTS: Readonly<Record<string, string>> = {
  [`${TREE}/modules.dep`]:
    "kernel/a.ko: kernel/b.ko kernel/c.ko\nkernel/b.ko: kernel/c.ko\nkernel/c.ko:\n/out/d.ko.xz:\n",
  [`${TREE}/modules.alias`]:
    "# Aliases\nalias pci:v00008086d* a\nalias net-pf-[0-9] b\nalias a* c\nalias a*a*a*a*a*b c\n",
  [`${TREE}/modules.symbols`]: "# Aliases\nalias symbol:one a\nalias symbol:two b\n",
  [`${TREE}/modules.softdep`]: "# Soft\nsoftdep a pre: b post: c\nsoftdep c pre: a\n",
  [`${TREE}/modules.order`]: "kernel/a.ko\nkernel/b.ko\n",
  [`${TREE}/modules.builtin`]: "kernel/core.ko\n",
  [`${TREE}/modules.builtin.modinfo`]: "core.license=GPL\0core.alias=net-pf-1\0core.parm=x:y\0core.file=core\0",
  "/etc/modprobe.d/a.conf":
    '# comment\nalias one a\nalias two-* b\noptions a x=1 y="2 3"\nblacklist b\ninstall c /bin/true $CMDLINE_OPTS\n' +
    "remove c /bin/false\nsoftdep a pre: b \\\n post: c\noptions b\\\n z=1\n",
  "/etc/depmod.d/a.conf":
    "search updates built-in external\noverride a * extra\noverride b 6\\.1.* weak\nexternal * /out\nexclude sub\n" +
    "make_map_files no\ninclude x\n",
  "/proc/cmdline": 'quiet a.x=1 modprobe.blacklist=b,c "a.y=z z" c.flag root=/dev/sda1\n',
  "/proc/modules":
    "a 16384 1 b,c, Live 0x0000000000000000 (OE)\nb 100 - - Loading 0x0\nc 100 0 - Live 0xffffffffc0000000\n",
  "/boot/System.map": "ffffffff81000000 T _text\nffffffff82000000 r __ksymtab_printk\n0 A one\n",
  "/boot/Module.symvers":
    "0x12345678\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n0xffffffff\tone\tkernel/a\tEXPORT_SYMBOL_GPL\n",
};

const LINE_PARTS = [
  "alias",
  "options",
  "softdep",
  "install",
  "blacklist",
  "search",
  "override",
  "external",
  "pre:",
  "*",
].concat(["a", "b-b", "[", "]", "\\", '"', "#", "=", ":", ".ko", "\t", " ", "\n", "\0", "\udcff", "ö", "(", "+", "$"]);

/** Texts of which one is spoilt, or made of parts in any order. */
export function spoiltTexts(): CampaignKind {
  const encoder = new TextEncoder();
  const modules = {
    [`${TREE}/kernel/a.ko`]: makeModule({ imports: ["one", "printk"], exports: ["two"] }),
    [`${TREE}/kernel/b.ko`]: makeModule({ exports: ["one"], modinfo: ["license=GPL"] }),
  };
  return {
    seconds: 2,
    megabytes: 500,
    async run(_, random, outcome) {
      const path = pick(Object.keys(TEXTS), random);
      const whole = encoder.encode(TEXTS[path]);
      const content = { ...modules, ...TEXTS, [path]: spoiltText(whole, random) };
      await runDepmod(
        content,
        pick(["-e -F /boot/System.map", "-e -E /boot/Module.symvers", "-w -A", ""], random),
        outcome,
      );
      const words = ["a", "one", "two-x", "net-pf-1", "symbol:one", "core", "a".repeat(60)];
      const commands = words.flatMap((word) => [`modprobe -D ${word}`, `modprobe -R ${word}`, `modinfo ${word}`]);
      const others = ["modprobe -c", "modprobe -r a", "modprobe -n -v c", "lsmod", "rmmod a b", "modprobe -a a b c"];
      await runTools([...others, ...commands], memoryFiles(content), outcome);
    },
  };
}

function spoiltText(whole: Uint8Array, random: SeededRandom): Uint8Array {
  if (random.below(2) === 0) return spoilt(whole, random);
  const parts = Array.from({ length: random.below(60) }, () => pick(LINE_PARTS, random));
  const line = parts
    .map((part) => part.repeat(random.below(12) === 0 ? random.below(5000) : 1))
    .join(pick(["", " "], random));
  const at = random.below(whole.length);
  return joined([whole.subarray(0, at), new TextEncoder().encode(line), whole.subarray(at)]);
}
