import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ModuleContent, makeModule } from "module-init-tools/testing";
import { describe, expect, it } from "vitest";
import { Folder } from "../testing/module-files";
import { runLcd } from "../testing/run-lcd";

/** Writes files below a new directory; gives its path. */
function written(files: Readonly<Record<string, string | ModuleContent>>): string {
  const root = new Folder().path;
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : makeModule(content));
  }
  return root;
}

/** fs needs journal and sum, journal needs sum; card serves a device and is blacklisted. */
const tree = {
  "lib/modules/6.1.0/kernel/fs.ko": { imports: ["journal", "sum"], modinfo: ["softdep=pre: fast-sum core"] },
  "lib/modules/6.1.0/kernel/journal.ko": { exports: ["journal"], imports: ["sum"] },
  "lib/modules/6.1.0/kernel/sum.ko": { exports: ["sum"] },
  "lib/modules/6.1.0/kernel/fast-sum.ko": {},
  "lib/modules/6.1.0/kernel/card.ko": { modinfo: ["alias=pci:v00001234d*", "firmware=card/a.bin"] },
  "lib/modules/6.1.0/modules.builtin": "kernel/core.ko\n",
  "lib/modules/6.1.0/modules.builtin.modinfo": "core.license=GPL\0",
  "lib/modules/6.1.0/modules.order": "kernel/fs.ko\n",
  "etc/modprobe.d/mine.conf": "blacklist card\noptions card speed=9\n",
} as const;

describe("lcd modules", () => {
  it("knows which question was meant, and shows all of them", async () => {
    expect(await runLcd(["modules"])).toMatchObject({ code: 2, stdout: "" });
    expect(await runLcd(["modules", "nedes"])).toMatchObject({
      code: 2,
      stderr: "lcd: there is no lcd modules nedes; did you mean needs?\n",
    });
    for (const question of ["for", "needs", "set", "diff"]) {
      const { code, stdout } = await runLcd(["modules", question, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        new RegExp(`^Usage: lcd modules ${question} [\\s\\S]*Examples:\\n {2}lcd modules ${question} `),
      );
      expect((await runLcd(["modules", "help", question])).stdout).toBe(stdout);
      expect((await runLcd(["help", "modules", question])).stdout).toBe(stdout);
    }
  });

  it("tells programs why there is no answer, too", async () => {
    for (const words of [
      ["for", "-d", "none", "asker"],
      ["needs", "-d", "none"],
      ["set", "-d", "none", "asker"],
      ["diff", "none", "none"],
    ]) {
      const { code, stdout, stderr } = await runLcd(["modules", ...words, "--json"]);
      const exitCode = words[0] === "diff" ? 2 : 1;
      const message = "none: no such directory";
      expect([code, stderr]).toEqual([exitCode, `lcd: ${message}\n`]);
      expect(JSON.parse(stdout)).toEqual({ outcome: "failed", error: "ENOENT", message, exitCode });
    }
  });

  it("refuses configuration that is not there, and empty names of directories", async () => {
    expect(await runLcd(["modules", "for", "-C", "no.conf", "asker"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "lcd: -C no.conf: no such file or directory\n",
    });
    for (const words of [
      ["for", "-d", "", "asker"],
      ["set", "--copy-to", "", "asker"],
    ]) {
      const { code, stdout, stderr } = await runLcd(["modules", ...words]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("It must not be empty.");
    }
  });

  it("asks the examples of LCD when no tree is named", async () => {
    expect(await runLcd(["modules", "for", "asker"])).toEqual({
      code: 0,
      stdout: "answer  asker needs it\nasker   asked for\n",
      stderr: "",
    });
    expect(await runLcd(["modules", "set", "asker", "xyzzy"])).toEqual({
      code: 1,
      stdout: "answer\nasker\n",
      stderr:
        "lcd: there is no module xyzzy in the examples of LCD (-d names another tree: -d / those of this machine)\n",
    });
  });
});

describe("the tree that is asked", () => {
  it("is the only one in lib/modules, one that is named, or a directory of modules", async () => {
    const root = written({
      "a/lib/modules/6.1.0/modules.dep": "one.ko:\n",
      "b/lib/modules/6.1.0/modules.dep": "two.ko:\n",
      "b/lib/modules/6.2.0/modules.dep": "three.ko:\n",
      "c/four.ko": {},
      "d/readme": "",
    });
    const ask = async (...words: string[]) => {
      const { code, stdout, stderr } = await runLcd(["modules", "needs", ...words], { cwd: root });
      return code === 0 ? stdout : stderr;
    };
    expect(await ask("-d", "a")).toBe("one\n");
    expect(await ask("-d", "b")).toBe(`lcd: ${root}/b/lib/modules: which one? -S 6.1.0, -S 6.2.0\n`);
    expect(await ask("-d", "b", "-S", "6.2.0")).toBe("three\n");
    expect(await ask("-d", "b", "-S", "6.2.1")).toContain("/b/lib/modules/6.2.1; did you mean 6.2.0?");
    expect(await ask("-d", "b/lib/modules/6.1.0")).toBe("two\n");
    expect(await ask("-d", "c")).toBe("four\n");
    expect(await ask("-d", "d")).toBe("lcd: d has no lib/modules in it, and no modules\n");
    expect(await ask("-d", "e")).toBe("lcd: e: no such directory\n");
  });

  it("need not have been indexed, which is said", async () => {
    const root = written(tree);
    const { code, stdout, stderr } = await runLcd(["modules", "set", "-d", root, "journal"]);
    expect([code, stdout]).toEqual([0, "sum\njournal\n"]);
    expect(stderr).toBe(
      `lcd modules: ${root}/lib/modules/6.1.0 has no modules.dep: reading every module (lcd depmod -b ${root} 6.1.0 makes one)\n`,
    );
  });

  it("may be damaged: a sentence says so", async () => {
    const root = written({ "lib/modules/6.1.0/modules.dep.bin": "nonsense" });
    expect(await runLcd(["modules", "for", "-d", root, "fs"])).toMatchObject({
      code: 1,
      stderr: `lcd: ${root}/lib/modules/6.1.0/modules.dep.bin is damaged: it is cut short; depmod makes it anew\n`,
    });
  });
});

/** The tree, indexed. */
async function indexedTree(): Promise<string> {
  const root = written(tree);
  expect(await runLcd(["depmod", "-b", root, "6.1.0"])).toMatchObject({ code: 0, stderr: "" });
  return root;
}

describe("lcd modules for", () => {
  it("says what would be loaded, in which order, and why", async () => {
    const root = await indexedTree();
    const { code, stdout } = await runLcd(["modules", "for", "-d", root, "fs", "pci:v00001234d5678", "symbol:sum"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "sum       fs needs it",
      "journal   fs needs it",
      "fast_sum  fs wants fast-sum loaded before it",
      "core      fs wants core loaded before it; in the kernel itself",
      "fs        asked for",
      "card      serves pci:v00001234d*; with speed=9; blacklisted: udev does not load it",
      "",
    ]);
    const blacklisted = await runLcd(["modules", "for", "-b", "-d", root, "pci:v00001234d5678", "pci:v9"]);
    expect(blacklisted).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `lcd: nothing in ${root}/lib/modules/6.1.0 serves pci:v9\n`,
    });
  });

  it("reads another configuration when it is told to", async () => {
    const root = await indexedTree();
    writeFileSync(join(root, "own.conf"), "alias disk sum\nnonsense\ninstall fast_sum /bin/true\n");
    expect(await runLcd(["modules", "for", "-d", ".", "-C", "own.conf", "disk", "fast-sum"], { cwd: root })).toEqual({
      code: 0,
      stdout:
        "sum       the configuration says alias disk\nfast_sum  asked for; instead of loading it, modprobe runs: /bin/true\n",
      stderr: `lcd modules: ERROR: ${root}/own.conf line 2: ignoring bad line starting with 'nonsense'\n`,
    });
  });

  it("says the same to programs", async () => {
    const root = await indexedTree();
    const { stdout } = await runLcd(["modules", "for", "-d", root, "--json", "pci:v00001234d5678"]);
    expect(JSON.parse(stdout)).toEqual({
      tree: `${root}/lib/modules/6.1.0`,
      answers: [
        {
          asked: "pci:v00001234d5678",
          modules: [
            {
              name: "card",
              alias: "pci:v00001234d5678",
              pattern: "pci:v00001234d*",
              source: "alias",
              blacklisted: true,
              steps: [
                {
                  name: "card",
                  action: "insmod",
                  path: `${root}/lib/modules/6.1.0/kernel/card.ko`,
                  options: "speed=9",
                  required: true,
                  cause: { kind: "asked" },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe("lcd modules needs", () => {
  it("draws who needs whom, both ways", async () => {
    const root = await indexedTree();
    const ask = async (...words: string[]) => (await runLcd(["modules", "needs", "-d", root, ...words])).stdout;
    expect(await ask("fs", "journal")).toBe("fs\n└─ journal\n   └─ sum\njournal (see above)\n");
    expect(await ask("-r", "sum")).toBe("sum\n└─ journal\n   └─ fs\n");
    expect(await ask("-r", "--depth", "1", "sum")).toBe("sum\n└─ journal\n");
    expect(await runLcd(["modules", "needs", "-d", root, "core"])).toEqual({
      code: 0,
      stdout: "core\n",
      stderr: "lcd: core is in the kernel itself: it needs no module, and who needs it is not written down\n",
    });
    expect((await ask()).split("\n").sort()).toEqual(["", "   └─ sum", "card", "fast_sum", "fs", "└─ journal"]);
    expect(await ask("--dot", "journal")).toBe('digraph modules {\n  "journal";\n  "journal" -> "sum";\n  "sum";\n}\n');
  });

  it("ends where modules.dep has a loop, and shows every module", async () => {
    const root = written({ "lib/modules/6.1.0/modules.dep": "a.ko: b.ko\nb.ko: a.ko\nc.ko: c.ko\n" });
    expect((await runLcd(["modules", "needs", "-d", root])).stdout).toBe("c\na\n└─ b\n   └─ a (see above)\n");
  });

  it("says the same to programs", async () => {
    const root = await indexedTree();
    const { stdout } = await runLcd(["modules", "needs", "-d", root, "--json", "journal"]);
    const path = (name: string) => `${root}/lib/modules/6.1.0/kernel/${name}.ko`;
    expect(JSON.parse(stdout)).toEqual({
      tree: `${root}/lib/modules/6.1.0`,
      modules: [
        { name: "journal", path: path("journal"), builtin: false, needs: ["sum"], neededBy: [] },
        { name: "sum", path: path("sum"), builtin: false, needs: [], neededBy: ["journal"] },
      ],
    });
    expect(await runLcd(["modules", "needs", "-d", root, "--json", "--dot"])).toMatchObject({ code: 2 });
  });
});

describe("lcd modules set", () => {
  it("prints names, files or firmware, in the order to load them", async () => {
    const root = await indexedTree();
    const ask = async (...words: string[]) => (await runLcd(["modules", "set", "-d", root, ...words])).stdout;
    expect(await ask("journal", "fs", "card")).toBe("sum\njournal\nfast_sum\nfs\ncard\n");
    expect(await ask("--no-soft", "-0", "fs")).toBe("sum\0journal\0fs\0");
    expect(await ask("--paths", "sum")).toBe(`${root}/lib/modules/6.1.0/kernel/sum.ko\n`);
    expect(await ask("--firmware", "card", "fs")).toBe("card/a.bin\n");
    expect(JSON.parse(await ask("--json", "--firmware", "card", "core"))).toEqual({
      tree: `${root}/lib/modules/6.1.0`,
      modules: [{ name: "card", path: `${root}/lib/modules/6.1.0/kernel/card.ko`, dependencies: [] }],
      builtin: ["core"],
      unknown: [],
      installCommands: [],
      firmware: ["card/a.bin"],
    });
  });

  it("copies them into a tree of their own, from which they load", async () => {
    const root = await indexedTree();
    const { code, stderr } = await runLcd(["modules", "set", "-d", root, "--copy-to", "small", "journal"], {
      cwd: root,
    });
    expect(code).toBe(0);
    const directory = join(root, "small/lib/modules/6.1.0");
    expect(stderr).toBe(`lcd: 2 modules are in ${directory} now; lcd depmod -b small 6.1.0 makes modules.dep\n`);
    expect(await runLcd(["depmod", "-b", join(root, "small"), "6.1.0"])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(directory, "modules.dep"), "utf8").split("\n").sort()).toEqual([
      "",
      "kernel/journal.ko: kernel/sum.ko",
      "kernel/sum.ko:",
    ]);
  });

  it("puts nothing outside of where it copies to", async () => {
    const root = written({ "lib/modules/6.1.0/modules.dep": "../../../evil.ko:\n", "evil.ko": {} });
    expect(await runLcd(["modules", "set", "-d", root, "--copy-to", "out", "evil"], { cwd: root })).toMatchObject({
      code: 0,
    });
    expect(readFileSync(join(root, "out/lib/modules/6.1.0/extra/evil.ko"))).toEqual(Buffer.from(makeModule()));
  });
});

describe("lcd modules diff", () => {
  const old = {
    "lib/modules/6.1.0/kernel/a.ko": { modinfo: ["version=1", "alias=pci:1"], exports: ["f"], checksums: { f: 1 } },
    "lib/modules/6.1.0/kernel/b.ko": {},
    "lib/modules/6.1.0/kernel/c.ko": {},
  } as const;
  const young = {
    "lib/modules/6.2.0/kernel/a.ko": { modinfo: ["version=2", "alias=usb:1"], exports: ["f"], checksums: { f: 2 } },
    "lib/modules/6.2.0/kernel/c.ko": {},
    "lib/modules/6.2.0/kernel/d.ko": {},
    "lib/modules/6.2.0/modules.builtin": "kernel/b.ko\n",
  } as const;

  it("says what changed, and exits with 1", async () => {
    const root = written({});
    const [before, after] = [written(old), written(young)];
    expect(await runLcd(["modules", "diff", before, after], { cwd: root })).toEqual({
      code: 1,
      stdout: `~ a
    version         1 -> 2
    alias           - pci:1
    alias           + usb:1
    export          f: 0x00000001 -> 0x00000002
- b  kernel/b.ko; it is in the kernel itself now
+ d  kernel/d.ko
1 added, 1 removed, 1 changed, 1 the same
`,
      stderr: "",
    });
    const only = await runLcd(["modules", "diff", before, after, "--only", "export,license"]);
    expect(only.stdout).toMatch(/^~ a\n {4}export .*\n- b/);
    const mistaken = await runLcd(["modules", "diff", before, after, "--only", "licence"]);
    expect(mistaken.code).toBe(2);
    expect(mistaken.stderr).toContain('modules have no property "licence"; did you mean license?');
    const ignoring = await runLcd(["modules", "diff", before, after, "--ignore", "export, alias,version"]);
    expect(ignoring.stdout).toMatch(/^- b.*\n\+ d.*\n1 added, 1 removed, 0 changed, 2 the same\n$/);
  });

  it("shows characters that would move the cursor as numbers", async () => {
    const [before, after] = ["a", "b\n\x1b[2J"].map((version) =>
      written({ "lib/modules/1/a.ko": { modinfo: [`version=${version}`] } }),
    );
    const { stdout } = await runLcd(["modules", "diff", before, after, "--only", "version"]);
    expect(stdout).toContain("version         a -> b\\x0a\\x1b[2J\n");
  });

  it("exits with 0 when nothing did, and with 2 when it cannot tell", async () => {
    const [before, again] = [written(old), written(old)];
    expect(await runLcd(["modules", "diff", before, again])).toEqual({
      code: 0,
      stdout: "0 added, 0 removed, 0 changed, 3 the same\n",
      stderr: "",
    });
    for (const words of [[before], [before, `${before}/nowhere`], [before, again, "--unknown"]]) {
      expect((await runLcd(["modules", "diff", ...words])).code).toBe(2);
    }
  });

  it("says the same to programs", async () => {
    const [before, after] = [written(old), written(young)];
    const { code, stdout } = await runLcd(["modules", "diff", "--json", "--only", "version", before, after]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      before: `${before}/lib/modules/6.1.0`,
      after: `${after}/lib/modules/6.2.0`,
      counts: { added: 1, removed: 1, changed: 1, same: 1, unreadable: 0 },
      modules: [
        {
          name: "a",
          path: "kernel/a.ko",
          kind: "changed",
          changes: [{ property: "version", name: "", before: "1", after: "2" }],
        },
        { name: "b", path: "kernel/b.ko", kind: "removed", builtin: true },
        { name: "d", path: "kernel/d.ko", kind: "added", builtin: false },
      ],
    });
  });
});
