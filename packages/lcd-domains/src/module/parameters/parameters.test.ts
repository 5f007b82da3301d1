import { describe, expect, test } from "vitest";
import { addressOf, bytesAt, fixture, integerAt, TestHost, textAt } from "../testing/test-host";
import type { LoadedModule } from "../types";
import { parseOptions } from "./options";

const image = fixture("parameters.ko");
const load = (options: string): LoadedModule => new TestHost().load(image, options);
const integer = (module: LoadedModule, name: string, bytes: number, signed = true): bigint =>
  integerAt(module, addressOf(module, name), bytes, signed);

describe("options are split as the kernel splits them", () => {
  // Documentation/admin-guide/kernel-parameters.rst: "Double-quotes can be used to protect spaces in values".
  test.each([
    ["", []],
    ["a", [["a", null]]],
    [
      "a=1 b=2",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    [
      "  a=1\tb\n",
      [
        ["a", "1"],
        ["b", null],
      ],
    ],
    ["a=", [["a", ""]]],
    ["a=b=c", [["a", "b=c"]]],
    [
      'a="1 2" b=3',
      [
        ["a", "1 2"],
        ["b", "3"],
      ],
    ],
    [
      '"a=1 2" b',
      [
        ["a", "1 2"],
        ["b", null],
      ],
    ],
    ['a=x" y "z', [["a", 'x" y "z']]],
    ['a="open end', [["a", "open end"]]],
    ["a=1 -- b=2", [["a", "1"]]],
  ] as const)("%j", (text, expected) => {
    expect(parseOptions(text).map(({ name, value }) => [name, value])).toEqual(expected);
  });
});

test("without options every parameter keeps the value in parameters.c", () => {
  const module = load("");
  expect(integer(module, "an_int", 4)).toBe(-4n);
  expect(textAt(module, integer(module, "a_charp", 8, false))).toBe("default");
  expect(textAt(module, addressOf(module, "a_string"))).toBe("short");
});

describe("integers are set in C's notation", () => {
  test.each([
    ["a_byte=255", "a_byte", 1, 255n],
    ["a_byte=0x7F", "a_byte", 1, 0x7fn],
    ["a_short=-32768", "a_short", 2, -32768n],
    ["a_ushort=65535", "a_ushort", 2, 65535n],
    ["an_int=-2147483648", "an_int", 4, -2147483648n],
    ["an_int=+12", "an_int", 4, 12n],
    ["an_int=010", "an_int", 4, 8n],
    ["an-int=3", "an_int", 4, 3n],
    ["a_uint=0xffffffff", "a_uint", 4, 0xffffffffn],
    ["a_long=-9223372036854775808", "a_long", 8, -(2n ** 63n)],
    ["a_ulong=18446744073709551615", "a_ulong", 8, 2n ** 64n - 1n],
    ["a_ullong=1", "a_ullong", 8, 1n],
    ["a_hexint=0xabc", "a_hexint", 4, 0xabcn],
    ["an_int=1 an_int=2", "an_int", 4, 2n],
  ] as const)("%s", (options, name, bytes, expected) => {
    expect(integer(load(options), name, bytes, expected < 0n)).toBe(expected);
  });
});

describe("truth values are set as kstrtobool reads them", () => {
  const truths = [
    ["a_bool", 1n],
    ["a_bool=y", 1n],
    ["a_bool=Yes", 1n],
    ["a_bool=1", 1n],
    ["a_bool=on", 1n],
    ["a_bool=ON", 1n],
  ] as const;
  const falsehoods = [
    ["a_bool=n", 0n],
    ["a_bool=0", 0n],
    ["a_bool=off", 0n],
  ] as const;
  test.each([...truths, ...falsehoods])("%s", (options, expected) => {
    expect(integer(load(options), "a_bool", 1)).toBe(expected);
  });

  test("an inverted one stores the opposite", () => {
    expect(integer(load("an_invbool=n"), "an_invbool", 1)).toBe(1n);
    expect(integer(load("an_invbool=y"), "an_invbool", 1)).toBe(0n);
  });
});

test("a charp points to a copy of the value in the module's own data", () => {
  const module = load('a_charp="hello, world"');
  const text = integer(module, "a_charp", 8, false);
  expect(textAt(module, text)).toBe("hello, world");
  expect(
    module.parts.find(({ address, bytes }) => text >= address && text < address + BigInt(bytes.length))?.kind,
  ).toBe("data");
});

test("a string is copied into its array", () => {
  const module = load("a_string=seven77");
  expect(textAt(module, addressOf(module, "a_string"))).toBe("seven77");
});

test("an array takes values separated by commas, keeps the rest, and counts them", () => {
  const module = load("an_array=10,-20,0x30");
  const elements = [0n, 4n, 8n, 12n].map((offset) =>
    integerAt(module, addressOf(module, "an_array") + offset, 4, true),
  );
  expect(elements).toEqual([10n, -20n, 0x30n, 4n]);
  expect(integer(module, "an_array_count", 4)).toBe(3n);
});

test("an array of charp has a string for each value", () => {
  const module = load("names=eth0,wlan0");
  const texts = [0n, 8n].map((offset) =>
    textAt(module, integerAt(module, addressOf(module, "some_names") + offset, 8)),
  );
  expect(texts).toEqual(["eth0", "wlan0"]);
});

describe("what is no value of the type is refused in the loader's words:", () => {
  test.each([
    ["an_int=abc", "EINVAL", "parameters: `abc' invalid for parameter `an_int'"],
    ["an_int=", "EINVAL", "parameters: `' invalid for parameter `an_int'"],
    ["an_int", "EINVAL", "parameters: `' invalid for parameter `an_int'"],
    ["an_int=12x", "EINVAL", "parameters: `12x' invalid for parameter `an_int'"],
    ["an_int=0x", "EINVAL", "parameters: `0x' invalid for parameter `an_int'"],
    ["an_int=09", "EINVAL", "parameters: `09' invalid for parameter `an_int'"],
    ["an_int=2147483648", "ERANGE", "parameters: `2147483648' invalid for parameter `an_int'"],
    ["a_uint=-1", "EINVAL", "parameters: `-1' invalid for parameter `a_uint'"],
    ["a_byte=256", "ERANGE", "parameters: `256' invalid for parameter `a_byte'"],
    ["a_bool=maybe", "EINVAL", "parameters: `maybe' invalid for parameter `a_bool'"],
    ["an_invbool", "EINVAL", "parameters: `' invalid for parameter `an_invbool'"],
    ["a_charp", "EINVAL", "parameters: `' invalid for parameter `a_charp'"],
    ["a_string=12345678", "ENOSPC", "parameters: a_string: string doesn't fit in 7 chars."],
    ["an_array=1,2,3,4,5", "EINVAL", "parameters: an_array: can only take 4 arguments"],
    ["an_array=1,x", "EINVAL", "parameters: `x' invalid for parameter `an_array'"],
    [`a_charp=${"x".repeat(1025)}`, "ENOSPC", "parameters: a_charp: string parameter too long"],
    ["custom=1", "EINVAL", "parameters: parameter 'custom' is set by code of the module, which does not run here"],
  ])("%s", (options, code, message) => {
    const host = new TestHost();
    expect(() => host.load(image, options)).toThrow(expect.objectContaining({ code, message }));
    expect(host.lines).toEqual([`err: ${message}`]);
    expect(host.inUse).toBe(0);
  });
});

test("a name that is no parameter is refused with those that are", () => {
  const host = new TestHost();
  expect(() => host.load(image, "count=3")).toThrow(
    /^parameters: unknown parameter 'count'; it has custom \(custom\), names \(array of charp\), .*a_short \(short\), a_byte \(byte\)$/,
  );
  expect(() => host.load(fixture("exporter.ko"), "count=3", "exporter")).toThrow(
    expect.objectContaining({ code: "ENOENT", message: "exporter: unknown parameter 'count'; it has none" }),
  );
  expect(host.inUse).toBe(0);
});

test("options that are for the kernel are not the module's", () => {
  expect(load("dyndbg=+p async_probe an_int=1").name).toBe("parameters");
});

test("the module tells its parameters with their types, modes and descriptions", () => {
  // gcc emits them last to first.
  const parameters = [...load("").parameters].reverse();
  expect(parameters.slice(0, 4)).toEqual([
    { name: "a_byte", type: "byte", permissions: 0o444, description: "" },
    { name: "a_short", type: "short", permissions: 0, description: "" },
    { name: "a_ushort", type: "ushort", permissions: 0, description: "" },
    { name: "an_int", type: "int", permissions: 0o644, description: "how many: a number" },
  ]);
  expect(parameters.map(({ type }) => type).slice(-4)).toEqual(["string", "array of int", "array of charp", "custom"]);
});

test("room for strings comes after the data and takes nothing away from it", () => {
  const plain = load("");
  const withString = load(`a_charp=${"x".repeat(1000)}`);
  const data = plain.parts.find(({ kind }) => kind === "data");
  const text = integer(withString, "a_charp", 8, false);
  expect(text).toBeGreaterThan(addressOf(withString, "some_names"));
  expect(bytesAt(withString, text, 1000)).toEqual(new Uint8Array(1000).fill(0x78));
  expect(data?.address).toBe(withString.parts.find(({ kind }) => kind === "data")?.address);
});
