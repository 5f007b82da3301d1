import { expect, test } from "vitest";
import { explainModule } from "../modinfo/explain";
import { makeModule, type TestOptions, testEnvironment } from "../testing";
import { lcdInsmod } from "./insmod";

async function insmod(args: readonly string[], options: TestOptions = {}) {
  const env = testEnvironment({ "/m/my-mod.ko": "image", "/m/dir.ko/x": "" }, options);
  const code = await lcdInsmod(["insmod", ...args], { ...env, cwd: "/m" });
  return { code, errors: env.errors(), loaded: env.loaded };
}

test("the file and its parameters are handed to the driver", async () => {
  const { code, errors, loaded } = await insmod(["./my-mod.ko", "a=1", "b"]);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(loaded).toEqual([{ name: "my_mod", image: new TextEncoder().encode("image"), size: 5, options: "a=1 b" }]);
});

// As insmod of kmod 30, and modprobe.
test("empty words before the first parameter are none", async () => {
  expect((await insmod(["my-mod.ko", "", "a=1", "", "b"])).loaded[0]?.options).toBe("a=1  b");
});

test("-f takes out the version magic; -p and -s mean nothing", async () => {
  const module = makeModule({ modinfo: ["vermagic=6.1.0", "license=GPL"] });
  const env = testEnvironment({ "/a.ko": module });
  expect(await lcdInsmod(["insmod", "-psf", "a.ko"], env)).toBe(0);
  expect(await lcdInsmod(["insmod", "-ps", "a.ko"], env)).toBe(0);
  const [forced, plain] = env.loaded.map(({ image }) => explainModule(image).entries);
  expect(forced).toEqual([["license", "GPL"]]);
  expect(plain).toContainEqual(["vermagic", "6.1.0"]);
});

// The words are those of insmod in kmod 30.
test.each([
  [["nofile"], {}, "could not load module nofile: No such file or directory"],
  [["-", "a=1"], {}, "this tool does not support loading from stdin!"],
  [["dir.ko"], {}, "could not insert module dir.ko: Is a directory"],
  [[""], {}, "could not load module : No such file or directory"],
  [[], {}, "missing filename."],
  [["my-mod.ko"], { driver: () => -8 }, "could not insert module my-mod.ko: Invalid module format"],
  [["my-mod.ko"], { driver: () => -2 }, "could not insert module my-mod.ko: Unknown symbol in module"],
  [["my-mod.ko"], { driver: () => -22 }, "could not insert module my-mod.ko: Invalid parameters"],
  [["my-mod.ko"], { driver: () => -17 }, "could not insert module my-mod.ko: File exists"],
  [["my-mod.ko"], { driver: () => -12 }, "could not insert module my-mod.ko: Cannot allocate memory"],
])("%j fails: %s%s", async (args, options, message) => {
  expect(await insmod(args, options)).toMatchObject({ code: 1, errors: `insmod: ERROR: ${message}\n` });
});

test("without an LCD driver it says so", async () => {
  const { code, errors } = await insmod(["my-mod.ko"], { driver: null });
  expect(code).toBe(1);
  expect(errors).toContain("insmod: cannot open /dev/lcd: no LCD driver is loaded");
});
