import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ToolError } from "../errors";
import { memoryFiles } from "../files/memory-files";
import { lcdModprobe } from "../modprobe/modprobe";
import { makeModule, testEnvironment } from "../testing";
import { ModuleTree } from "../tree/module-tree";
import { explainLoading } from "./explain-loading";
import { graphToDot, moduleGraph, reachable } from "./module-graph";
import { openModuleTree } from "./open-module-tree";
import { firmwareOf, smallestSet } from "./smallest-set";

const TREE = "/lib/modules/6.1.0";

/** fs needs journal and sum, journal needs sum; sum would like fast-sum before it, which card serves, too. */
const files = {
  [`${TREE}/modules.dep`]:
    "kernel/fs.ko: kernel/journal.ko kernel/sum.ko\nkernel/journal.ko: kernel/sum.ko\n" +
    "kernel/sum.ko:\nkernel/fast-sum.ko:\nkernel/card.ko:\n",
  [`${TREE}/modules.softdep`]: "softdep sum pre: fast-sum post: nothing-here\n",
  [`${TREE}/modules.alias`]: "alias pci:v00001234d* card\nalias pci:v00001234d5678* card\nalias fs-fs fs\n",
  [`${TREE}/modules.builtin`]: "kernel/core.ko\n",
  "/etc/modprobe.d/x.conf": "alias disk fs\nblacklist card\ninstall slow /bin/true\nsoftdep fs pre: core\n",
};

const open = (more: Readonly<Record<string, string>> = {}) => {
  const env = testEnvironment({ ...files, ...more });
  return openModuleTree(env, TREE).then((opened) => ({ ...opened, env }));
};

describe("explainLoading", () => {
  test("gives the steps of modprobe -D, each with its cause", async () => {
    const { tree, config, env } = await open();
    const [loading, ...others] = await explainLoading(tree, config, "disk");
    expect(others).toEqual([]);
    expect(loading?.module).toEqual({ name: "fs", alias: "disk", pattern: "disk", source: "configuration" });
    expect(loading?.steps.map(({ name, cause, action }) => [name, action.kind, cause])).toEqual([
      ["fast_sum", "insmod", { kind: "soft dependency", of: "sum", when: "pre", asked: "fast-sum" }],
      ["sum", "insmod", { kind: "dependency", of: "fs" }],
      ["journal", "insmod", { kind: "dependency", of: "fs" }],
      ["core", "builtin", { kind: "soft dependency", of: "fs", when: "pre", asked: "core" }],
      ["fs", "insmod", { kind: "asked" }],
    ]);
    await lcdModprobe(["modprobe", "-D", "disk"], env);
    expect(env.output().match(/\w+(?=\.ko |\n)/g)).toEqual(["sum", "sum", "journal", "core", "fs"]);
  });

  test("names the pattern that matches, once for each module, and whether udev would leave it out", async () => {
    const { tree, config } = await open();
    const loadings = await explainLoading(tree, config, "pci:v00001234d56789abc");
    expect(loadings).toMatchObject([
      { module: { name: "card", pattern: "pci:v00001234d*", source: "alias" }, blacklisted: true },
    ]);
    // The blacklist is for aliases: whoever asks by name gets the module (modprobe.d(5)).
    expect(await explainLoading(tree, config, "card")).toMatchObject([{ blacklisted: false }]);
  });

  test.each([
    ["core", "builtin"],
    ["slow", "install"],
    ["fast-sum", "module"],
  ])("knows where the name %s is from: %s", async (name, source) => {
    const { tree, config } = await open();
    expect((await explainLoading(tree, config, name)).map(({ module }) => module.source)).toEqual([source]);
  });

  test("gives nothing for a name that nobody knows", async () => {
    const { tree, config } = await open();
    expect(await explainLoading(tree, config, "xyzzy")).toEqual([]);
  });
});

describe("smallestSet", () => {
  const names = async (asked: readonly string[], softDependencies = true) => {
    const { tree, config } = await open();
    const set = await smallestSet(tree, config, asked, { softDependencies });
    return { ...set, modules: set.modules.map(({ name }) => name) };
  };

  test("has what is needed before what needs it, once, without what the kernel has", async () => {
    expect(await names(["journal", "fs", "xyzzy", "card"])).toEqual({
      modules: ["fast_sum", "sum", "journal", "fs", "card"],
      builtin: ["core"],
      unknown: ["xyzzy"],
      installCommands: [],
    });
  });

  test("can do without soft dependencies", async () => {
    expect((await names(["fs"], false)).modules).toEqual(["sum", "journal", "fs"]);
  });

  test("names install commands, which no set of modules can replace", async () => {
    expect((await names(["slow"])).installCommands).toEqual([{ name: "slow", command: "/bin/true" }]);
  });

  test("is closed, whatever modules.dep says", async () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
    // A module needs only later letters, so there is no loop; what depmod writes has all that a module needs.
    const lines = fc.dictionary(name, fc.uniqueArray(name), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(lines, fc.uniqueArray(name), async (direct, asked) => {
        const farthestFirst = (module: string): string[] => {
          const next = (direct[module] ?? []).filter((other) => other > module);
          return [...new Set(next.flatMap((other) => [...farthestFirst(other), other]))];
        };
        const needs = (module: string) => farthestFirst(module).reverse();
        const all = ["a", "b", "c", "d", "e", "f"];
        const dep = all
          .map(
            (module) =>
              `${module}.ko: ${needs(module)
                .map((n) => `${n}.ko`)
                .join(" ")}\n`,
          )
          .join("");
        const { tree, config } = await openModuleTree(testEnvironment({ [`${TREE}/modules.dep`]: dep }), TREE);
        const set = (await smallestSet(tree, config, asked)).modules.map((module) => module.name);
        expect([...set].sort()).toEqual([...new Set(asked.flatMap((module) => [module, ...needs(module)]))].sort());
        for (const [i, module] of set.entries()) expect(set.slice(0, i)).toEqual(expect.arrayContaining(needs(module)));
      }),
    );
  });

  test("knows the firmware that a module may ask for", async () => {
    const { tree, env } = await open();
    const module = await tree.module("card");
    if (module === undefined) throw new Error("card is in modules.dep");
    env.files.add(module.path, gzipSync(makeModule({ modinfo: ["license=GPL", "firmware=card/a.bin", "firmware=b"] })));
    expect(await firmwareOf(tree, module)).toEqual(["card/a.bin", "b"]);
  });
});

describe("moduleGraph", () => {
  test("has no arrow that others imply", async () => {
    const graph = await moduleGraph((await open()).tree);
    expect(Object.fromEntries(graph.needs)).toEqual({
      fs: ["journal"],
      journal: ["sum"],
      sum: [],
      fast_sum: [],
      card: [],
    });
    expect(graph.neededBy.get("sum")).toEqual(["journal"]);
  });

  test("keeps loops, and modules that have no line", async () => {
    const dep = "a.ko: b.ko c.ko\nb.ko: a.ko c.ko\nself.ko: self.ko\n";
    const graph = await moduleGraph(new ModuleTree(memoryFiles({ "/t/modules.dep": dep }), "/t"));
    expect(Object.fromEntries(graph.needs)).toEqual({ a: ["b", "c"], b: ["a", "c"], self: [], c: [] });
  });

  test("leads where modules.dep leads, whatever that says", async () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e");
    const lines = fc.dictionary(name, fc.uniqueArray(name));
    await fc.assert(
      fc.asyncProperty(lines, name, async (dependencies, from) => {
        const dep = Object.entries(dependencies).map(([a, b]) => `${a}.ko: ${b.map((n) => `${n}.ko`).join(" ")}\n`);
        const tree = new ModuleTree(memoryFiles({ "/t/modules.dep": dep.join("") }), "/t");
        const reached = new Set([from]);
        for (const module of reached) for (const next of dependencies[module] ?? []) reached.add(next);
        const graph = await moduleGraph(tree);
        expect([...reachable(graph, [from], "needs").needs.keys()].sort()).toEqual([...reached].sort());
        for (const to of reached) expect(reachable(graph, [to], "neededBy").neededBy.has(from)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("can be cut to what some modules need, or what needs them, so many arrows away", async () => {
    const graph = await moduleGraph((await open()).tree);
    expect([...reachable(graph, ["journal"], "needs").needs]).toEqual([
      ["journal", ["sum"]],
      ["sum", []],
    ]);
    expect([...reachable(graph, ["sum"], "neededBy").needs.keys()]).toEqual(["sum", "journal", "fs"]);
    expect([...reachable(graph, ["sum"], "neededBy", 1).needs]).toEqual([
      ["sum", []],
      ["journal", ["sum"]],
    ]);
  });

  test("is a drawing for Graphviz", async () => {
    const needs = new Map([
      ['a"b\\', ["c"]],
      ["c", []],
    ]);
    expect(graphToDot({ needs, neededBy: new Map() })).toBe(
      'digraph modules {\n  "a\\"b\\\\";\n  "a\\"b\\\\" -> "c";\n  "c";\n}\n',
    );
  });
});

describe("openModuleTree", () => {
  const modules = {
    [`${TREE}/kernel/app.ko`]: makeModule({ imports: ["draw"], modinfo: ["alias=pci:v1*", "softdep=pre: font"] }),
    [`${TREE}/kernel/screen.ko.gz`]: gzipSync(makeModule({ exports: ["draw"] })),
    [`${TREE}/kernel/font.ko`]: makeModule(),
  };

  test("makes the indexes in memory when depmod has never run, and says so before", async () => {
    const env = testEnvironment(modules);
    const said: string[] = [];
    const { tree, config } = await openModuleTree(env, TREE, { onIndexing: () => said.push("indexing") });
    const [loading] = await explainLoading(tree, config, "pci:v1234");
    expect(loading?.steps.map(({ name }) => name)).toEqual(["screen", "font", "app"]);
    expect([said, env.errors()]).toEqual([["indexing"], ""]);
    expect(env.files.paths()).toEqual(Object.keys(modules).sort());
  });

  test("reads configuration below the root that the tree is for", async () => {
    const env = testEnvironment({
      "/srv/lib/modules/6.1.0/modules.dep": "a.ko:\nb.ko:\n",
      "/srv/etc/modprobe.d/x.conf": "alias mine a\n",
      "/srv/proc/cmdline": "modprobe.blacklist=b\n",
      "/etc/modprobe.d/x.conf": "alias mine b\n",
    });
    const { tree, config } = await openModuleTree(env, "/srv/lib/modules/6.1.0", { root: "/srv" });
    expect((await explainLoading(tree, config, "mine")).map(({ module }) => module.name)).toEqual(["a"]);
    expect(config.blacklist).toEqual(["b"]);
  });

  test("refuses what is no directory, and modules that need one another", async () => {
    await expect(openModuleTree(testEnvironment(), TREE)).rejects.toThrow(
      new ToolError(`could not open directory ${TREE}: No such file or directory`),
    );
    const loop = {
      [`${TREE}/a.ko`]: makeModule({ exports: ["one"], imports: ["two"] }),
      [`${TREE}/b.ko`]: makeModule({ exports: ["two"], imports: ["one"] }),
    };
    await expect(openModuleTree(testEnvironment(loop), TREE)).rejects.toThrow(
      /^modules need one another in a loop: (a -> b -> a|b -> a -> b)$/,
    );
  });

  test("keeps bytes of paths that are no UTF-8 when it indexes a tree itself", async () => {
    // U+DCE9 is byte E9 in a path, as `decodeText` of elf-image gives it.
    const path = `${TREE}/\udce9/a.ko`;
    const { tree, config } = await openModuleTree(testEnvironment({ [path]: makeModule() }), TREE);
    expect((await smallestSet(tree, config, ["a"])).modules.map((module) => module.path)).toEqual([path]);
  });
});
