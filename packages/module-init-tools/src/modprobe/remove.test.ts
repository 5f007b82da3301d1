import { expect, test } from "vitest";
import { testEnvironment } from "../testing";
import { lcdModprobe } from "./modprobe";

const TREE = "/lib/modules/6.1.0";

/** top needs middle, which needs base; softly it wants helper before it and late behind it. */
const FILES = {
  [`${TREE}/modules.dep`]: "top.ko: middle.ko base.ko\nmiddle.ko: base.ko\nbase.ko:\nhelper.ko:\nlate.ko:\n",
  [`${TREE}/modules.softdep`]: "softdep top pre: helper post: late\n",
  [`${TREE}/modules.builtin`]: "kernel/core.ko\n",
};

const ALL = ["top 1 0 -", "middle 1 0 -", "base 1 0 -", "helper 1 0 -", "late 1 0 -"];

async function modprobe(
  args: string,
  loaded: readonly string[] = ALL,
  config = "",
  refuse: readonly string[] = [],
  files = {},
) {
  const removed: string[] = [];
  const commands: unknown[] = [];
  const env = testEnvironment({
    ...FILES,
    ...files,
    "/proc/modules": loaded.map((line) => `${line} Live 0x0\n`).join(""),
    "/etc/modprobe.d/x.conf": config,
  });
  const code = await lcdModprobe(["modprobe", ...args.split(" ")], {
    ...env,
    deleteModule: (name) => {
      if (refuse.includes(name)) return -11;
      removed.push(name);
      return 0;
    },
    runShell: (command, variables) => {
      commands.push([command, variables]);
      return command === "false" ? 1 : 0;
    },
  });
  return { code, removed, commands, output: env.output(), errors: env.errors() };
}

// The orders, words and exit codes are those of modprobe of kmod 30 with the same /proc/modules and /sys/module.
test("-r takes out what came after, the module, what it needed, and what came before", async () => {
  expect(await modprobe("-r -v top")).toMatchObject({
    code: 0,
    errors: "",
    removed: ["late", "top", "base", "middle", "helper"],
    output: "rmmod late\nrmmod top\nrmmod base\nrmmod middle\nrmmod helper\n",
  });
});

test("what somebody else uses stays", async () => {
  const loaded = ["top 1 0 -", "middle 1 1 other,", "base 1 0 -"];
  expect((await modprobe("-r top", loaded)).removed).toEqual(["top", "base"]);
});

test.each([
  ["-r middle", ["middle 1 1 top,", "top 1 0 -"], "FATAL: Module middle is in use."],
  ["-r -a middle", ["middle 1 1 top,"], "WARNING: Module middle is in use."],
  ["-r core", [], "FATAL: Module core is builtin."],
  ["-r nowhere", [], "FATAL: Module nowhere not found."],
  ["-r --first-time top", [], "FATAL: Module top is not in kernel."],
  ["-r top", ["top 1 0 -", "late 1 2 -"], "FATAL: Module late is in use."],
  ["-r -w x top", [], "ERROR: unexpected wait value 'x'."],
  ["-r -w 08 top", [], "ERROR: unexpected wait value '08'."],
  ["-r -w 08 -w 5 -Z top", [], "ERROR: unexpected wait value '08'."],
  ["-r -w 0x top", [], "ERROR: unexpected wait value '0x'."],
])("%s with %j stays: %s", async (args, loaded, message) => {
  expect(await modprobe(args, loaded)).toMatchObject({ code: 1, removed: [], errors: `modprobe: ${message}\n` });
});

test("with -a, and with -q, the work goes on after what had to stay", async () => {
  const loaded = ["top 1 0 -", "middle 1 0 -", "base 1 0 -", "helper 1 0 -", "late 1 2 -"];
  expect(await modprobe("-r -a top", loaded)).toMatchObject({
    code: 0,
    errors: "modprobe: WARNING: Module late is in use.\n",
    removed: ["top", "base", "middle", "helper"],
  });
  expect(await modprobe("-r -q late top", loaded)).toMatchObject({
    code: 1,
    errors: "",
    removed: ["top", "base", "middle", "helper"],
  });
});

test("each -v after -q is a step back up", async () => {
  const busy = ["middle 1 1 -"];
  expect((await modprobe("-rvq middle", busy)).errors).toBe("");
  expect((await modprobe("-rqv middle", busy)).errors).toBe("");
  expect((await modprobe("-rqvv middle", busy)).errors).toBe("modprobe: FATAL: Module middle is in use.\n");
  expect((await modprobe("-rqvvvv middle", ["middle 1 0 -"])).output).toBe("");
  expect((await modprobe("-rqvvvvv middle", ["middle 1 0 -"])).output).toBe("rmmod middle\n");
});

// `-w 08` and `-w 0x` are none, see above.
test.each(["10", "010", "0xA", " +10"])("%j is a time to wait, as C writes numbers", async (time) => {
  const env = testEnvironment({ [`${TREE}/modules.dep`]: "a.ko:\n" });
  expect(await lcdModprobe(["modprobe", "-n", "-w", time, "a"], env)).toBe(0);
});

test("-w 0 does not wait: modprobe looks itself", async () => {
  expect(await modprobe("-r -w 0 middle", ["middle 1 1 -"])).toMatchObject({
    removed: [],
    errors: "modprobe: FATAL: Module middle is in use.\n",
  });
});

test("a module that is not loaded is as good as removed", async () => {
  expect(await modprobe("-r top", [])).toMatchObject({ code: 0, removed: [], errors: "" });
});

test("--remove-holders takes out the users first; -n only shows; -i leaves soft dependencies alone", async () => {
  const loaded = ["top 1 0 -", "base 1 0 top,"];
  expect((await modprobe("-r --remove-holders base", loaded)).removed.slice(0, 1)).toEqual(["top"]);
  expect(await modprobe("-r -n -v middle", ["middle 1 0 -"])).toMatchObject({ removed: [], output: "rmmod middle\n" });
  expect((await modprobe("-r -i top")).removed).toEqual(["top", "base", "middle"]);
});

test("a remove command runs in the place of the module and of what that needed", async () => {
  const { code, removed, commands } = await modprobe("-r middle", ALL, "remove middle echo $CMDLINE_OPTS bye\n");
  expect({ code, removed, commands }).toEqual({
    code: 0,
    removed: [],
    commands: [["echo  bye", { MODPROBE_MODULE: "middle" }]],
  });
  expect(await modprobe("-r middle", ALL, "remove middle false\n")).toMatchObject({
    code: 1,
    removed: [],
    errors: "modprobe: FATAL: Error running remove command for middle\n",
  });
});

test("what the kernel refuses is said, after the time to wait", async () => {
  expect(await modprobe("-r -w 5 middle", ["middle 1 1 -"], "", ["middle"])).toMatchObject({
    code: 1,
    errors: "modprobe: ERROR: could not remove 'middle': Resource temporarily unavailable\n",
  });
  expect((await modprobe("-r -w 5 middle", ["middle 1 1 -"])).removed).toEqual(["middle"]);
});

test("an install command runs with the parameters from the command line", async () => {
  const { commands } = await modprobe("late a=b", [], "install late echo $CMDLINE_OPTS; echo $CMDLINE_OPTS\n");
  expect(commands).toEqual([["echo a=b; echo a=b", { MODPROBE_MODULE: "late" }]]);
  expect(await modprobe("late", [], "install late false\n")).toMatchObject({
    code: 1,
    errors:
      "modprobe: ERROR: Error running install command 'false' for module late: retcode 1\n" +
      "modprobe: ERROR: could not insert 'late': Invalid argument\n",
  });
});

test("soft dependencies that go in circles end", async () => {
  const { code, removed } = await modprobe("-r late", ALL, "softdep late post: helper\nsoftdep helper post: late\n");
  expect([code, removed]).toEqual([0, ["helper", "late"]]);
});

test("soft dependencies that lead to a module in millions of ways are refused", async () => {
  const chain = ["middle", "base", "helper", "late"].map((name) => `${name} `.repeat(50));
  const config = ["top", "middle", "base", "helper"].map((name, i) => `softdep ${name} post: ${chain[i]}\n`).join("");
  const without = { [`${TREE}/modules.softdep`]: "" };
  const { code, errors } = await modprobe("-n -r top", ALL, config, [], without);
  expect([code, errors]).toEqual([
    1,
    expect.stringMatching(/^modprobe: ERROR: the soft dependencies of .* branch too much\n$/),
  ]);
});
