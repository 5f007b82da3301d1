// Small module trees that are hard to get right, each in the order in which its files are made.
import { spawnSync } from "node:child_process";
import { makeModule } from "module-init-tools/testing";

/** @returns {[name: string, files: Record<string, Uint8Array | string>][]} paths below lib/modules/<release> */
export function difficultTrees() {
  const a = makeModule({ exports: ["a_one"], imports: ["b_one"] });
  const b = makeModule({ exports: ["b_one", "crc16"], imports: ["printk"], weakImports: ["c_one"] });
  const c = makeModule({ exports: ["c_one"], modinfo: ["alias=pci:v*d1-2*", "softdep=pre: a-one post: nowhere"] });
  const order = "kernel/c.ko\nkernel/a-one.ko\nkernel/b.ko\n";
  const trees = [
    ["plain", { "modules.order": order, "kernel/a-one.ko": a, "kernel/b.ko": b, "kernel/c.ko": c }],
    [
      "compressed",
      {
        "modules.order": order,
        "kernel/a-one.ko.xz": compress("xz", ["-c", "--check=crc32"], a),
        "kernel/b.ko.zst": compress("zstd", ["-c", "-q"], b),
        "kernel/c.ko": c,
      },
    ],
    ["no-order", { "modules.order": undefined, "x/one.ko": a, "x/two.ko": b }],
    [
      "updates",
      {
        "modules.order": order,
        "kernel/a-one.ko": makeModule({ exports: ["a_one"] }),
        "updates/a_one.ko": a,
        "kernel/b.ko": b,
        "build/b.ko": a,
      },
    ],
    [
      "builtin",
      {
        "modules.builtin": "kernel/core-part.ko\n",
        "modules.order": "kernel/c.ko\n",
        "kernel/c.ko": makeModule({ modinfo: ["softdep=pre: core_part"] }),
      },
    ],
    [
      "loop",
      {
        "modules.order": "kernel/p.ko\nkernel/q.ko\n",
        "kernel/p.ko": makeModule({ exports: ["p"], imports: ["q"] }),
        "kernel/q.ko": makeModule({ exports: ["q"], imports: ["p"] }),
      },
    ],
    ["empty", { "modules.order": "", "modules.builtin": "" }],
    [
      "config",
      {
        "modules.order": order,
        "modules.softdep": "",
        "kernel/a-one.ko": a,
        "kernel/b.ko": b,
        "kernel/c.ko": makeModule({ modinfo: ["softdep=pre: a-one b", "softdep=pre: never", "alias=net-pf-10"] }),
      },
    ],
    [
      "three-in-a-loop",
      {
        "kernel/p.ko": makeModule({ exports: ["p"], imports: ["q"] }),
        "kernel/q.ko": makeModule({ exports: ["q"], imports: ["r"] }),
        "kernel/r.ko": makeModule({ exports: ["r"], imports: ["p", "s"] }),
        "kernel/s.ko": makeModule({ exports: ["s"] }),
        "kernel/t.ko": makeModule({ imports: ["p"] }),
      },
    ],
    [
      "duplicates",
      {
        "a/x.ko": makeModule({ exports: ["a"] }),
        "b/x.ko": makeModule({ exports: ["b"] }),
        "c/x.ko": makeModule({ exports: ["c"] }),
        "c/y-z.ko": makeModule({ imports: ["a", "b"] }),
        "a/y_z.ko": makeModule({ imports: ["c"] }),
      },
    ],
    [
      "nothing-from-the-build",
      { "modules.order": undefined, "modules.builtin": undefined, "modules.builtin.modinfo": undefined, "x.ko": a },
    ],
    [
      "devices",
      {
        "modules.order": "kernel/b.ko\nkernel/c.ko\nkernel/d.ko\nkernel/e.ko\n",
        "kernel/b.ko": makeModule({ modinfo: ["alias=devname:net/tun", "alias=char-major-10-200"] }),
        "kernel/c.ko": makeModule({
          modinfo: ["alias=block-major-7-1", "alias=char-major-9-010", "alias=devname:x y"],
        }),
        "kernel/d.ko": makeModule({ modinfo: ["alias=devname:alone", "alias=char-major-9-*"] }),
        "kernel/e.ko": makeModule({ modinfo: ["alias=devname:a", "alias=devname:b", "alias=char-major-1-2x"] }),
      },
    ],
    [
      "aliases",
      {
        "modules.order": "kernel/b.ko\nkernel/c.ko\n",
        "modules.builtin": "kernel/core.ko\nkernel/other-part.ko\n",
        "modules.builtin.modinfo":
          "core.alias=net-pf-1\0core.alias=[x\0other_part.alias=net-pf-1\0core.license=GPL\0core.alias=net-pf-1\0",
        "kernel/b.ko": makeModule({
          modinfo: ["alias=a*", "alias=a-b", "alias=a_b", "alias=a*", "alias=[a-b]-c", "alias="],
        }),
        "kernel/c.ko": makeModule({ modinfo: ["alias=a[", "alias=]a", "alias=a-*", "alias=?_b", "alias=a[]b]"] }),
      },
    ],
    ["cut-off-order", { "modules.order": "kernel/c.ko\nkernel/b.ko", "kernel/b.ko": b, "kernel/c.ko": c }],
    [
      "broken",
      {
        "modules.order": ["text", "empty", "header", "half", "packed", "good"].map((name) => `${name}.ko\n`).join(""),
        "text.ko": "This is no module, although its name says so, and it is longer than the header of one.",
        "empty.ko": "",
        "header.ko": a.subarray(0, 64),
        "half.ko": a.subarray(0, a.length / 2),
        "packed.ko.xz": "This is not xz",
        "good.ko": b,
      },
    ],
  ];
  const always = { "modules.order": "", "modules.builtin": "", "modules.builtin.modinfo": "" };
  return trees.map(([name, files]) => [name, { ...always, ...files }]);
}

/** Lines of depmod.d, each tried with a tree that has several modules of one name. */
export const DEPMOD_CONFIGS = [
  "",
  "search extra built-in\n",
  "search built-in extra updates\n",
  "search weak extra updates\n",
  "search updates/su\nsearch weak\n",
  "override x * weak\n",
  "override y 1.2 kernel/a\noverride x 9.9 weak\n",
  "override x 1.* extra\noverride x * weak\n",
  "override x 1.[ weak\n",
  "exclude weak updates\nexclude sub\n",
  "external * OUTSIDE\n",
  "external * OUTSIDE\nsearch external built-in\n",
  "external 9 OUTSIDE\nsearch external updates\n",
  "make_map_files no\ninclude x\nnonsense y\nsearch\noverride a b\nexternal 1\nsearch a \\\n extra\n",
];

/** Modules `x` and `y` in several places; paths below lib/modules/<release>. */
export function duplicateModules() {
  const module = makeModule({ exports: ["one"] });
  const paths = ["extra/x", "extra/y", "kernel/a/x", "kernel/a/y", "updates/sub/x", "weak/x", "weak/y"];
  const build = { "modules.order": "", "modules.builtin": "", "modules.builtin.modinfo": "" };
  const outside = { "outside/x.ko": module, "outside/sub/z-z.ko": module };
  return { tree: { ...build, ...Object.fromEntries(paths.map((path) => [`${path}.ko`, module])) }, outside };
}

function compress(command, args, bytes) {
  const { status, stdout } = spawnSync(command, args, { input: bytes });
  if (status !== 0) throw new Error(`${command} failed; is it installed?`);
  return stdout;
}
