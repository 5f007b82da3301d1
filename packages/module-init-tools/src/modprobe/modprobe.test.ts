import { gzipSync } from "node:zlib";
import { LCD_LOAD_MODULE } from "lcd-domains/uapi";
import { expect, test } from "vitest";
import { type TestOptions, testEnvironment } from "../testing";
import { lcdModprobe } from "./modprobe";

const TREE = "/lib/modules/6.1.0";

const FILES = {
  [`${TREE}/modules.dep`]: [
    "kernel/top-most.ko: kernel/middle.ko kernel/base.ko",
    "kernel/middle.ko: kernel/base.ko",
    "kernel/base.ko:",
    "kernel/helper.ko.gz:",
    "kernel/gone.ko:",
    "",
  ].join("\n"),
  [`${TREE}/modules.alias`]:
    "# Aliases\nalias pci:v00008086d*sv* middle\nalias net-pf-10 base\nalias net-pf-10 helper\n",
  [`${TREE}/modules.symbols`]: "alias symbol:base_one base\n",
  [`${TREE}/modules.builtin`]: "kernel/core-part.ko\n",
  [`${TREE}/modules.builtin.modinfo`]: "core_part.license=GPL\0core_part.alias=fs-core\0",
  [`${TREE}/kernel/top-most.ko`]: "top",
  [`${TREE}/kernel/middle.ko`]: "middle",
  [`${TREE}/kernel/base.ko`]: "base",
  [`${TREE}/kernel/helper.ko.gz`]: gzipSync("helper"),
};

async function modprobe(args: string, more: Readonly<Record<string, string>> = {}, options: TestOptions = {}) {
  const env = testEnvironment({ ...FILES, ...more }, options);
  const code = await lcdModprobe(["modprobe", ...args.split(" ")], env);
  const names = env.loaded.map(({ name }) => name);
  return { code, names, output: env.output(), errors: env.errors(), loaded: env.loaded, requests: env.requests };
}

test("a module is handed to the driver after everything that it needs", async () => {
  const { code, names, errors, requests, loaded } = await modprobe("top-most");
  expect({ code, names, errors }).toEqual({ code: 0, names: ["base", "middle", "top_most"], errors: "" });
  expect(requests).toEqual([LCD_LOAD_MODULE, LCD_LOAD_MODULE, LCD_LOAD_MODULE]);
  expect(new TextDecoder().decode(loaded[2]?.image)).toBe("top");
  expect(loaded[2]?.size).toBe(3);
});

test("dashes and underscores are the same", async () => {
  expect((await modprobe("top_most")).names).toEqual(["base", "middle", "top_most"]);
});

test("words after the name are parameters of that module alone, values with blanks in quotes", async () => {
  const env = testEnvironment(FILES);
  await lcdModprobe(["modprobe", "middle", "count=3", "text=two words", "on"], env);
  expect(env.loaded.map(({ options }) => options)).toEqual(["", 'count=3 text="two words" on']);
});

test("a compressed module reaches the driver decompressed", async () => {
  const { loaded } = await modprobe("helper");
  expect(new TextDecoder().decode(loaded[0]?.image)).toBe("helper");
});

test("aliases with wildcards, exported symbols and modules in the kernel are found", async () => {
  expect((await modprobe("pci:v00008086d00001237sv00")).names).toEqual(["base", "middle"]);
  expect((await modprobe("net-pf-10")).names).toEqual(["base", "helper"]);
  expect((await modprobe("symbol:base_one")).names).toEqual(["base"]);
  expect(await modprobe("-D core-part")).toMatchObject({ code: 0, output: "builtin core_part\n" });
  expect(await modprobe("fs-core")).toMatchObject({ code: 0, names: [] });
});

test("-D and -n -v say what would be loaded, and open no device", async () => {
  const expected = `insmod ${TREE}/kernel/base.ko \ninsmod ${TREE}/kernel/middle.ko x=1\n`;
  expect(await modprobe("-D middle x=1", {}, { driver: null })).toMatchObject({ code: 0, output: expected });
  expect(await modprobe("-nv middle x=1", {}, { driver: null })).toMatchObject({ code: 0, output: expected });
  expect(await modprobe("-n middle", {}, { driver: null })).toMatchObject({ code: 0, output: "" });
});

test("-d and -S choose the tree", async () => {
  const more = { "/root/lib/modules/5.0/modules.dep": "other.ko:\n" };
  expect((await modprobe("-d /root -S 5.0 -D other", more)).output).toBe("insmod /root/lib/modules/5.0/other.ko \n");
});

test("-a loads every word, and goes on after one that is not there", async () => {
  const { code, names, errors } = await modprobe("-a base nothing helper");
  expect({ code, names }).toEqual({ code: 1, names: ["base", "helper"] });
  expect(errors).toBe(`modprobe: WARNING: Module nothing not found in directory ${TREE}\n`);
});

test("modprobe.d gives options, aliases and soft dependencies; the usual places hide each other's files", async () => {
  const more = {
    "/etc/modprobe.d/local.conf":
      "alias mine middle\noptions middle a=1 \\\n  b=2\nsoftdep middle pre: helper post: nowhere\n",
    "/lib/modprobe.d/local.conf": "options middle hidden=1\n",
    "/lib/modprobe.d/other.conf": "# comment\n\noptions base c=3\n",
  };
  const { loaded } = await modprobe("mine d=4", more);
  expect(loaded.map(({ name, options }) => `${name}: ${options}`)).toEqual([
    "base: c=3 ",
    "helper: ",
    "middle: a=1   b=2 d=4",
  ]);
});

test("-C reads another configuration, and a bad line in it is named", async () => {
  const more = { "/my.conf": "options base ok=1\nnonsense here\noptions base\n" };
  const { loaded, errors } = await modprobe("-C /my.conf base", more);
  expect(loaded[0]?.options).toBe("ok=1 ");
  expect(errors).toBe(
    "modprobe: ERROR: /my.conf line 2: ignoring bad line starting with 'nonsense'\n" +
      "modprobe: ERROR: /my.conf line 3: ignoring bad line starting with 'options'\n",
  );
});

// As modprobe of kmod 30 with the same files: softdep circles bring the module in by its own name, too.
test("what was asked for by an alias gets the parameters, and not the same module by its own name", async () => {
  const env = testEnvironment({
    [`${TREE}/modules.dep`]: "one.ko: zero.ko\nzero.ko:\n",
    [`${TREE}/modules.symbols`]: "alias symbol:sym one\n",
    "/etc/modprobe.d/x.conf": "softdep zero post: one\n",
  });
  expect(await lcdModprobe(["modprobe", "-D", "symbol:sym", "a=1"], env)).toBe(0);
  expect(env.output()).toBe(
    [
      `insmod ${TREE}/zero.ko `,
      `insmod ${TREE}/zero.ko `,
      `insmod ${TREE}/one.ko `,
      `insmod ${TREE}/one.ko a=1`,
      "",
    ].join("\n"),
  );
});

// What modprobe of kmod 30 does with the same files.
test("what is blacklisted is left out when an alias leads to it, and with -b when it is named, too", async () => {
  const more = { "/etc/modprobe.d/no.conf": "blacklist helper\nblacklist base\n" };
  expect(await modprobe("net-pf-10", more)).toMatchObject({ code: 0, names: [] });
  expect((await modprobe("-D net-pf-10", more)).output).toBe("");
  expect((await modprobe("helper", more)).names).toEqual(["helper"]);
  expect(await modprobe("-b helper", more)).toMatchObject({ code: 0, names: [] });
  expect((await modprobe("-b middle", more)).names).toEqual(["base", "middle"]);
});

test("for what is in the kernel itself nothing is done, not even for its soft dependencies", async () => {
  const more = {
    "/etc/modprobe.d/soft.conf": "softdep core_part post: helper\n",
  };
  expect(await modprobe("core-part", more)).toMatchObject({ code: 0, names: [], errors: "" });
  expect(await modprobe("-n -v core-part", more)).toMatchObject({ code: 0, output: "" });
  expect((await modprobe("-D core-part", more)).output).toBe(
    `builtin core_part\ninsmod ${TREE}/kernel/helper.ko.gz \n`,
  );
  expect(await modprobe("--first-time core-part", more)).toMatchObject({
    code: 1,
    errors: "modprobe: ERROR: could not insert 'core_part': Module already in kernel\n",
  });
  const installed = { "/etc/modprobe.d/soft.conf": "install core_part false\nsoftdep helper pre: core_part\n" };
  expect(await modprobe("helper", installed)).toMatchObject({ code: 0, names: ["helper"], errors: "" });
});

test("an install command is shown by -D, refused when loading, and ignored with -i", async () => {
  const more = { "/etc/modprobe.d/i.conf": "install helper /bin/true --now\n" };
  expect((await modprobe("-D helper", more)).output).toBe("install /bin/true --now \n");
  expect(await modprobe("helper", more)).toMatchObject({
    code: 1,
    names: [],
    errors:
      "modprobe: ERROR: could not insert 'helper': modprobe.d says to run '/bin/true --now', and there is no shell here (see -i)\n",
  });
  expect((await modprobe("-i helper", more)).names).toEqual(["helper"]);
});

test("a name that nobody knows is fatal, in kmod's words, and silent with -q", async () => {
  expect(await modprobe("foo")).toMatchObject({
    code: 1,
    errors: `modprobe: FATAL: Module foo not found in directory ${TREE}\n`,
  });
  expect(await modprobe("-q foo")).toMatchObject({ code: 1, errors: "" });
});

test("without an LCD driver it says so", async () => {
  const { code, errors } = await modprobe("base", {}, { driver: null });
  expect(code).toBe(1);
  expect(errors).toContain("modprobe: cannot open /dev/lcd: no LCD driver is loaded");
  expect((await modprobe("-q base", {}, { driver: null })).errors).toBe("");
});

test("a module that is loaded already is as good as loaded, unless --first-time", async () => {
  const driver = () => -17; // EEXIST
  expect(await modprobe("middle", {}, { driver })).toMatchObject({ code: 0, errors: "" });
  expect(await modprobe("--first-time middle", {}, { driver })).toMatchObject({
    code: 1,
    errors: "modprobe: ERROR: could not insert 'middle': Module already in kernel\n",
  });
});

test("what the driver refuses is said, with the dependency that it refused, and ends the work", async () => {
  const refuseBase: TestOptions = { driver: ({ name }) => (name === "base" ? -2 : 0) };
  expect(await modprobe("middle", {}, refuseBase)).toMatchObject({
    code: 1,
    names: ["base"],
    errors:
      "modprobe: ERROR: could not insert 'middle': base, which it needs: Unknown symbol in module, or unknown parameter (see dmesg)\n",
  });
  expect((await modprobe("base", {}, { driver: () => -8 })).errors).toBe(
    "modprobe: ERROR: could not insert 'base': Exec format error\n",
  );
});

test("a soft dependency that cannot be loaded does no harm", async () => {
  const more = { "/etc/modprobe.d/s.conf": "softdep middle pre: helper gone\n" };
  const driver: TestOptions["driver"] = ({ name }) => (name === "helper" ? -22 : 0);
  expect(await modprobe("middle", more, { driver })).toMatchObject({
    code: 0,
    names: ["base", "helper", "middle"],
    errors: "",
  });
});

test("a module that modules.dep names but that is not there is an error with its path", async () => {
  expect(await modprobe("gone")).toMatchObject({
    code: 1,
    errors: `modprobe: ERROR: could not read module ${TREE}/kernel/gone.ko: No such file or directory\n`,
  });
});

test("a damaged compressed module is an error with its path", async () => {
  const more = { [`${TREE}/kernel/gone.ko`]: "\x1f\x8bnot gzip at all" };
  const env = testEnvironment({ ...FILES, ...more, [`${TREE}/kernel/gone.ko`]: new Uint8Array([0x1f, 0x8b, 1, 2, 3]) });
  expect(await lcdModprobe(["modprobe", "gone"], env)).toBe(1);
  expect(env.errors()).toContain(`could not read module ${TREE}/kernel/gone.ko: the gzip data is damaged`);
});

test("a dependency loop in modules.dep is refused", async () => {
  const more = { [`${TREE}/modules.dep`]: "a.ko: b.ko a.ko\nb.ko: a.ko\nself.ko: self.ko\n" };
  const { code, errors } = await modprobe("b", more);
  expect(code).toBe(1);
  expect(errors).toBe(
    "modprobe: ERROR: Module b is in a dependency loop (b -> a -> b) and cannot be loaded; see modules.dep\n",
  );
  expect((await modprobe("self", more)).code).toBe(1);
});

test("soft dependencies may go round in circles", async () => {
  const more = { "/etc/modprobe.d/s.conf": "softdep base pre: helper\nsoftdep helper pre: base\n" };
  expect((await modprobe("base", more)).names).toEqual(["helper", "base"]);
});

test("usage errors have getopt's words and exit code 1; --help exits with 0", async () => {
  expect(await modprobe("--nonsense x")).toMatchObject({
    code: 1,
    errors: "modprobe: unrecognized option '--nonsense'\n",
  });
  const env = testEnvironment();
  expect(await lcdModprobe(["/sbin/lcd-modprobe"], env)).toBe(1);
  expect(env.errors()).toBe("lcd-modprobe: ERROR: missing parameters. See -h.\n");
  expect(await modprobe("--help")).toMatchObject({ code: 0, errors: "" });
});

test.each([
  ["alias any nowhere\nalias any helper\n", 0],
  ["alias any helper\nalias any nowhere\n", 1],
])(
  "of several modules that a name leads to the last decides the exit code, as with modprobe of kmod 30: %j",
  async (text, code) => {
    const result = await modprobe("any", { "/etc/modprobe.d/any.conf": text });
    expect(result).toMatchObject({ code, names: ["helper"] });
    expect(result.errors).toContain("could not insert 'nowhere'");
  },
);
