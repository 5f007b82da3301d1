import { describe, expect, test } from "vitest";
import { makeModule, testEnvironment } from "../testing";
import { lcdModprobe } from "./modprobe";

const INSTALL = { "/c/a.conf": "install helper nested\n" };

/** Runs modprobe for `helper`, whose install command is in /c, with `MODPROBE_OPTIONS`. */
async function modprobe(args: string, variable: string | undefined, files: Record<string, string> = INSTALL) {
  const env = testEnvironment({
    "/lib/modules/6.1.0/modules.dep": "helper.ko:\nother.ko:\n",
    "/lib/modules/6.1.0/helper.ko": makeModule({}),
    ...files,
  });
  const passed: (string | undefined)[] = [];
  const runShell = (_: string, variables: Readonly<Record<string, string>>) => {
    passed.push(variables.MODPROBE_OPTIONS);
    return 0;
  };
  const words = ["lcd-modprobe", ...args.split(" ")];
  const code = await lcdModprobe(words, { ...env, runShell, variables: { MODPROBE_OPTIONS: variable } });
  return { code, passed, output: env.output(), errors: env.errors() };
}

describe("MODPROBE_OPTIONS stands before the command line:", () => {
  test.each([
    ["-D", "other", "insmod /lib/modules/6.1.0/other.ko \n"],
    ["-D helper -i -C /nowhere", "", "insmod /lib/modules/6.1.0/helper.ko \n"],
    ["-D other", "-C '/c'", "insmod /lib/modules/6.1.0/other.ko \n"],
    ["-D helper", '-C "/c"', "install nested \n"],
  ])("modprobe %s with %j prints %j", async (args, variable, output) => {
    expect(await modprobe(args, variable)).toMatchObject({ code: 0, output });
  });

  test("quotes keep blanks together, also within a word", async () => {
    expect((await modprobe("-D", `a"b c"d`)).errors).toContain("Module ab cd not found");
    expect((await modprobe("-D", `'a b'`)).errors).toContain("Module a b not found");
    expect((await modprobe("-D", `a' b c`)).errors).toContain("Module a' b c not found");
  });

  test("blanks around and between words make no words", async () => {
    expect(await modprobe("-D", " other ")).toMatchObject({ code: 0, output: "insmod /lib/modules/6.1.0/other.ko \n" });
  });

  test("-q silences", async () => {
    expect(await modprobe("nothing", "-q")).toMatchObject({ code: 1, errors: "" });
  });
});

describe("install commands get the options that they inherit, as from modprobe of kmod 30:", () => {
  test.each([
    ["-C /c helper", undefined, "-C /c"],
    ["-C /c -q helper", undefined, "-C /c -q"],
    ["-C /c -vv helper", undefined, "-C /c -v -v"],
    ["--quiet --config /c -S 6.1.0 helper", undefined, "-q -C /c"],
    ["-C /c helper", "-q", "-q -q -C /c"],
    ["-C /c helper", "", " -C /c"],
    ["-C /c helper", "-q -v", "-q -v -q -v -C /c"],
    ["helper", '-C "/c"', '-C "/c" -C /c'],
    ["-C /c helper", "-s", "-s -s -C /c"],
  ])("modprobe %s with %j passes on %j", async (args, variable, expected) => {
    expect((await modprobe(args, variable)).passed).toEqual([expected]);
  });

  test("nothing when there are none", async () => {
    const configured = { "/etc/modprobe.d/a.conf": "install helper nested\n" };
    expect((await modprobe("helper", undefined, configured)).passed).toEqual([undefined]);
  });
});
